import { recordName } from '@session-stores/core';
import type { Request } from 'express';

declare module 'express-session' {
  interface SessionData {
    /** The name of who is logged in. */
    user?: string;
    /** Epoch ms. */
    loggedInAt?: number;
    /** How many of what. An object and no array, because two requests that add different goods then both count. */
    cart?: Record<string, number>;
    /** Which of the demo's pages it belongs to. */
    device?: number;
  }
}

/** What the page is told about the session of a request. */
export interface SessionView {
  readonly user: string | null;
  readonly loggedInAt: number | null;
  readonly cart: Record<string, number>;
  /** Names it in the log and in the list; the id itself is as good as a password and goes nowhere. */
  readonly record: string | null;
}

export function sessionView({ session, sessionID }: Request): SessionView {
  const { user, loggedInAt, cart } = session;
  if (user === undefined) return { user: null, loggedInAt: null, cart: {}, record: null };
  return { user, loggedInAt: loggedInAt ?? null, cart: cart ?? {}, record: recordName(sessionID) };
}

/** The number of the device in /device/<number>/. */
export function deviceOf(request: Request): number {
  return Number(/^\/device\/([1-9])(?![^/?])/.exec(request.originalUrl)?.[1]);
}
