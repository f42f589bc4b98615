import { createHash } from 'node:crypto';
import { decodeRecord, graveText, isGrave, recordStarts, type SessionRecord } from '@session-stores/core';
import { MongoFailure } from './mongo-failure.js';

/**
 * A document as connect-mongo has it: the session as a string, and when it expires; without `expires`, never. All that is
 * ours is in that string (core's record-text.ts), so that a save by connect-mongo takes it away with the rest.
 * Only who changed it last, for the caches of others, is in a field `by`, which nobody reads in a document.
 */
export interface SessionDocument {
  readonly _id: string;
  readonly session?: unknown;
  readonly expires?: unknown;
}

/** What a document is at some moment. An expired one is none of the others any more. */
export type Found =
  | { readonly state: 'none' }
  | { readonly state: 'expired' }
  | { readonly state: 'grave'; readonly session: string; readonly expiresAt: number }
  | { readonly state: 'live'; readonly session: string; readonly record: SessionRecord }
  /** `condition`: what is true of this document and of none that could be read. */
  | { readonly state: 'unreadable'; readonly failure: MongoFailure; readonly condition: object };

export function stateOf(document: SessionDocument | undefined, now: number): Found {
  if (document === undefined) return { state: 'none' };
  const { _id: id, session, expires } = document;
  const expiresAt = expires instanceof Date ? expires.getTime() : Number.POSITIVE_INFINITY;
  if (expiresAt <= now) return { state: 'expired' };
  if (typeof session !== 'string') {
    return { state: 'unreadable', failure: noText(), condition: { session: { $not: anyText } } };
  }
  if (!(expires instanceof Date) && (expires ?? null) !== null) {
    return {
      state: 'unreadable',
      failure: noDate(),
      condition: { expires: { $not: { $type: 'date' }, $ne: null } },
    };
  }
  if (isGrave(session)) return { state: 'grave', session, expiresAt };
  const { data, birth, revision } = decodeRecord(session) ?? foreign(session);
  return { state: 'live', session, record: { id, data, birth, revision, expiresAt } };
}

function noDate(): MongoFailure {
  return new MongoFailure(
    'FORMAT',
    'the document has something other than a date in its field expires: it was written by another application. Delete it, or give it a date',
  );
}

function noText(): MongoFailure {
  return new MongoFailure(
    'FORMAT',
    'the document has no string in its field session: it was written by connect-mongo with stringify: false, or by another application. Sessions of connect-mongo can be taken over when it saves them as strings, which is its default',
  );
}

function foreign(session: string): { data: string; birth: undefined; revision: string } {
  const digest = createHash('sha256').update(session).digest('base64url');
  return { data: session, birth: undefined, revision: digest.slice(0, 24) };
}

/** When a record expires, as it is stored; `undefined`: never. A Date cannot hold what is farther away. */
export function expiryDate(at: number): Date | undefined {
  const date = new Date(Math.ceil(at));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const start = `^(?:${recordStarts.map(escapeRegex).join('|')})`;

/** Condition on `session`: ours, at this revision. */
export function atRevision(revision: string): object {
  return { $regex: `${start}[A-Za-z0-9_-]+\\.${escapeRegex(revision)}[" ]` };
}

/** Condition on `session`: ours, of this birth, live or expired. */
export function ofBirth(birth: string): object {
  return { $regex: `${start}${escapeRegex(birth)}\\.[A-Za-z0-9_-]+[" ]` };
}

/** Condition on `expires`: not yet, or never. */
export function unexpiredAt(now: number): object {
  return { $not: { $lte: new Date(now) } };
}

// A comparison with a string meets strings only.
export const anyId = { $gte: '' };
export const anyText = { $type: 'string' };

/** Condition on `session`: no grave. */
export const noGrave = { ...anyText, $not: { $regex: '^0e[0-9]+$' } };

/** Condition on a document: a session whose id comes after this one. */
export function sessionsAfter(id: string | undefined): object {
  return { _id: id === undefined ? anyId : { $gt: id }, session: noGrave };
}

/** What a removed record is replaced by. */
export function graveOf(birth: string, until: number): { session: string; expires: Date } {
  return { session: graveText(birth), expires: new Date(Math.ceil(until)) };
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
