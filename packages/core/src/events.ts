import type { EventEmitter } from 'node:events';
import type { CallKind } from './breakers.js';
import { recordName } from './errors.js';

/** A session is named by `record`, a short hash of its id, and never by the id. */
export interface RecordEvent {
  readonly record: string;
}

/** The events of a store, each with the payload that its listeners get. */
export interface SessionStoreEvents {
  /** A new session was saved for the first time. */
  created: RecordEvent;
  /** A session was read. */
  loaded: RecordEvent;
  /** A change of a session was saved. */
  saved: RecordEvent;
  /** The expiry of a session was moved, nothing else. */
  touched: RecordEvent;
  /** No session of this id is left. */
  destroyed: RecordEvent;
  /** A save or touch of a destroyed session was not carried out. */
  dropped: RecordEvent & { readonly operation: string };
  /** Another process or request had written since, and the change goes on top of that. */
  conflict: RecordEvent;
  /** An attempt failed and another one follows. */
  retry: {
    /** `undefined`: of all sessions. */
    readonly record: string | undefined;
    readonly operation: string;
    readonly attempt: number;
    readonly error: Error;
  };
  /** A destroy failed although it was retried, and goes on in the background. */
  gaveUp: RecordEvent & { readonly operation: string; readonly error: Error };
  /** A session was dropped to stay within `maxEntries`. */
  evicted: RecordEvent;
  /**
   * The storage is down for reads or for changes: `failures` such calls in a row failed, the last with `error`. From now on one
   * of them at a time tries whether it is back. `route`: the part of the storage, such as a shard, or the empty string.
   */
  breakerOpened: {
    readonly route: string;
    readonly calls: CallKind;
    readonly failures: number;
    readonly error: Error;
  };
  /** The storage has answered such a call again, after so many `milliseconds`. What has waited is let through little by little. */
  breakerClosed: { readonly route: string; readonly calls: CallKind; readonly milliseconds: number };
  /** An operation failed, or the connection did; `record` and `operation` are there if it concerns one session. */
  storeError: {
    readonly record: string | undefined;
    readonly operation: string | undefined;
    readonly error: Error;
  };
  /** With `signalDisconnect`: the storage cannot be reached. */
  disconnect: { readonly error: Error };
  /** With `signalDisconnect`: the storage can be reached again, so many ms after `disconnect`. */
  connect: { readonly milliseconds: number };
}

export type Listener<Name extends keyof SessionStoreEvents> = (event: SessionStoreEvents[Name]) => void;
// biome-ignore lint/suspicious/noExplicitAny: the signature of EventEmitter
export type AnyListener = (...values: any[]) => void;

export type Emit = <Name extends keyof SessionStoreEvents>(
  name: Name,
  payload: () => SessionStoreEvents[Name],
) => void;

/** Emits the event if somebody listens. What a listener throws is its own, and reaches no operation. */
export function emitEvent<Name extends keyof SessionStoreEvents>(
  emitter: EventEmitter,
  name: Name,
  payload: () => SessionStoreEvents[Name],
): void {
  if (emitter.listenerCount(name) === 0) {
    return;
  }
  try {
    emitter.emit(name, payload());
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** The record of an event. */
export function record(id: string): RecordEvent {
  return { record: recordName(id) };
}
