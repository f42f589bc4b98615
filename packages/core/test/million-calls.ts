import { setImmediate as turn } from 'node:timers/promises';
import { SessionStore } from '@session-stores/core';

/** What a million calls of a store come to whose storage never answers; printed as JSON for `million-calls.long.test.ts`. */
export interface MillionCalls {
  /** How many calls got each code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Calls whose callback was called at another time than once. */
  readonly notOnce: number;
  /** Bytes of heap, after a collection, that it took more than before the calls: while the admitted ones wait, and at the end. */
  readonly waiting: number;
  readonly left: number;
}

const [method = 'get', retries = ''] = process.argv.slice(2);
const million = 1_000_000;
const silence = () => new Promise<never>(() => {});
const backend = {
  name: 'silent',
  read: silence,
  write: silence,
  touch: silence,
  remove: silence,
  async *scan() {},
  isTransient: () => true,
  close: async () => {},
};
const store = new SessionStore(backend, {
  operationTimeout: 30_000,
  ...(retries === '' ? {} : { retry: {} }),
});

/** Bytes. What is only weakly held, or waits to be told that it is gone, goes with a later collection than the rest. */
const heap = async (): Promise<number> => {
  let used = Number.POSITIVE_INFINITY;
  let last: number;
  do {
    last = used;
    globalThis.gc?.();
    await turn();
    used = process.memoryUsage().heapUsed;
  } while (used < last);
  return used;
};
const codes: Record<string, number> = {};
const times = new Uint8Array(million);
let answered = 0;
const all = Promise.withResolvers<void>();

const before = await heap();
for (let call = 0; call < million; call++) {
  const callback = (error: { code: string } | null): void => {
    const code = error?.code ?? 'success';
    codes[code] = (codes[code] ?? 0) + 1;
    times[call] = (times[call] ?? 0) + 1;
    if (++answered === million) {
      all.resolve();
    }
  };
  if (method === 'set') {
    store.set(`session ${call}`, { cookie: {}, user: `user ${call}` } as never, callback);
  } else {
    store[method as 'get' | 'destroy'](`session ${call}`, callback);
  }
  // Half of them come in one turn of the event loop, the others as requests come.
  if (call >= million / 2 && call % 1000 === 0) {
    await turn();
  }
}
await turn();
const waiting = (await heap()) - before;
await all.promise;
await turn();
const report: MillionCalls = {
  codes,
  notOnce: times.filter((count) => count !== 1).length,
  waiting,
  left: (await heap()) - before,
};
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
