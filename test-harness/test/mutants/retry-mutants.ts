import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '@session-stores/core';
import { impatientRedis, memory, redis } from './bases.js';
import { lifetimesAs, plain } from './broken-ways.js';
import type { Breakage, Callback, Methods, Mutant } from './mutant.js';

const givesUpSoon: Pick<Breakage, 'how' | 'options'> = {
  how: 'retries for 0.3 s',
  options: { operationTimeout: 300 },
};

/** Whose records are removed once is not removed again. */
const removesOnce = (good: SessionBackend): Partial<SessionBackend> => {
  const sent = new Set<string>();
  return {
    remove: async (removals, context) => {
      const again = removals.map(({ id }) => sent.has(id));
      for (const { id } of removals) sent.add(id);
      const answers = await good.remove(removals, context);
      return answers.map((answer, index) =>
        again[index] ? { status: 'error', error: new Error('there is no such record') } : answer,
      );
    },
  };
};

/** The connection on which the server does not answer is not given up. */
const staysOnConnection = (good: SessionBackend): Partial<SessionBackend> => {
  const context = { signal: new AbortController().signal };
  return {
    read: (ids) => good.read(ids, context),
    remove: (removals) => good.remove(removals, context),
  };
};

/** Whatever fails for a while is done again, with no regard to whether it has taken effect. */
const repeating =
  (pause: number) =>
  (good: Methods): Partial<Methods> => {
    const untilDone = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await work();
        } catch {
          await wait(pause);
        }
      }
    };
    return {
      update: (id, change) => untilDone(() => good.update(id, change)),
      set: async (id, session) => {
        const snapshot = plain(session);
        return good.set(id, session).catch(async () => {
          await wait(pause);
          return untilDone(() => good.set(id, snapshot));
        });
      },
    };
  };

export const retryMutants: Readonly<Record<string, Mutant>> = {
  'retry/destroy-cut': redis({ ...givesUpSoon, says: /refuse\nExpected: success\nCame: / }),
  'retry/destroy-hung': redis({ ...givesUpSoon, says: /hang\nExpected: success\nCame: / }),
  'retry/destroy-reply-cut': redis({
    how: 'takes what it has destroyed itself for missing',
    says: /cutReplies\nExpected: success\nCame: /,
    backend: removesOnce,
  }),
  'retry/destroy-silenced': impatientRedis({
    how: 'retries on the connection that is silent',
    says: /silence\nExpected: success\nCame: /,
    backend: staysOnConnection,
  }),
  'retry/get-cut': redis({ ...givesUpSoon, says: /no network for 700 ms\nExpected: success\nCame: / }),
  'retry/request-in-blip': redis({
    ...givesUpSoon,
    how: 'finds nothing where it finds no server for 0.3 s',
    says: /the data\nExpected: \{ user: 'ada' \}\nCame: \{\}/,
    methods: (good) => ({ get: async (id) => good.get(id).catch(() => undefined) }),
  }),
  'retry/expiry': redis({
    how: 'counts the life of a session from when it could be saved',
    says: /got it after its end\nExpected: undefined\nCame: \{/,
    backend: lifetimesAs((expiry) => ({ ...expiry, in: Math.ceil(expiry.in / 6_000) * 6_000 })),
  }),
  'retry/exactly-once': redis({
    how: 'calls back for each attempt',
    says: /how often destroy called back\nExpected: 1\nCame: 2/,
    raw: (good) => ({
      destroy(id: string, callback: Callback) {
        const timer = setTimeout(() => callback(null), 300);
        good
          .destroy(id)
          .finally(() => clearTimeout(timer))
          .then(() => callback(null), callback);
      },
    }),
  }),
  'retry/permanent': memory({
    how: 'retries what cannot succeed',
    says: /retries that the store reported\nExpected: 0\nCame: 3/,
    methods: (good) => ({
      get: async (id) =>
        good.get(id).catch((error) => {
          for (const attempt of [1, 2, 3]) good.store.emit('retry', { attempt, error });
          throw error;
        }),
    }),
  }),
  'retry/update-once': redis({
    how: 'does again whatever was not answered',
    says: /got the count\nExpected: 40\nCame: [4-6]\d/,
    options: { retry: false },
    methods: repeating(5),
  }),
  'retry/not-undone': redis({
    how: 'does again whatever was not answered',
    says: /by whom it was saved last\nExpected: 'other'\nCame: 'mine'/,
    options: { retry: false },
    methods: repeating(300),
  }),
  'retry/counters': redis({
    how: 'does again whatever was not answered',
    says: /a counter\nExpected: \d+\nCame: \d+/,
    options: { retry: false },
    methods: repeating(5),
  }),
  'retry/give-up-hides': impatientRedis({
    how: 'shows a session that it was to destroy and could not',
    says: /(what a get during the outage found|got it by the same store)\nExpected: undefined\nCame: \{/,
    options: { retry: false },
  }),
  'retry/give-up-id-again': impatientRedis({
    how: 'completes a destroy that it had given up when there is another session under the id',
    says: /got it by both stores\nExpected: /,
    methods: (good) => {
      const pending = new Set<string>();
      return {
        destroy: async (id) =>
          good.destroy(id).catch((error) => {
            pending.add(id);
            throw error;
          }),
        set: async (id, session) => {
          await good.set(id, session);
          if (pending.delete(id)) await good.destroy(id);
        },
      };
    },
  }),
};
