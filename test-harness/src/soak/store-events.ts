import type { EventEmitter } from 'node:events';
import type { Store } from 'express-session';
import type { ToldEvent } from './messages.js';

/** The events of a store that say more than that all is well. */
const names = ['created', 'destroyed', 'dropped', 'conflict', 'retry', 'gaveUp', 'evicted', 'storeError'];
/** So many are remembered. */
const most = 5_000;

interface Payload {
  readonly record?: string;
  readonly operation?: string;
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** What a store has told lately, so that the report of a violation can say what it thought. */
export class StoreEvents {
  readonly #events: (ToldEvent & { readonly record: string | undefined })[] = [];
  #oldest = 0;

  constructor(store: Store) {
    for (const name of names) {
      (store as unknown as EventEmitter).on(name, (payload: Payload = {}) => this.#note(name, payload));
    }
  }

  of(record: string): ToldEvent[] {
    return this.#events
      .filter((event) => event.record === record)
      .sort((one, other) => one.at - other.at)
      .map(({ at, text }) => ({ at, text }));
  }

  #note(name: string, payload: Payload): void {
    // As text: an error holds on to whatever failed.
    const text = textOf(name, payload);
    this.#events[this.#oldest] = { at: Date.now(), text, record: payload.record };
    this.#oldest = (this.#oldest + 1) % most;
  }
}

function textOf(name: string, { operation, error }: Payload): string {
  return [name, operation, error?.code, error?.message].filter(Boolean).join(' ');
}
