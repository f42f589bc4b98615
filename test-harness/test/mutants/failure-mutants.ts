import { setTimeout as delay } from 'node:timers/promises';
import { impatientRedis, memory } from './bases.js';
import { failingWith, plain } from './broken-ways.js';
import type { Breakage, Callback, Methods, Mutant } from './mutant.js';

/** No answer is a failure like any other, and is answered as if there were no session. */
const findsNothingInOutage: Breakage['methods'] = (good) => ({
  get: async (id) => good.get(id).catch(() => undefined),
});

/** `destroy` by these two, the second of which answers a failure. */
const destroyingBy = (
  answer: (callback: Callback, error: Error) => unknown,
): NonNullable<Breakage['raw']> => {
  return (good) => ({
    destroy(id: string, callback?: Callback) {
      good.destroy(id).then(
        () => callback?.(null),
        (error) => answer(callback as Callback, error),
      );
    },
  });
};

/** What has failed once is not tried again. */
const savesNoMoreAfterOutage = (good: Methods): Partial<Methods> => {
  let hasFailed = false;
  return {
    get: async (id) =>
      good.get(id).catch((error) => {
        hasFailed = true;
        throw error;
      }),
    set: async (id, session) => {
      if (hasFailed) throw new Error('the connection is closed');
      return good.set(id, session);
    },
  };
};

/** Room for a few hundred. */
const findsNothingWhenFull: Breakage['methods'] = (good) => {
  let waiting = 0;
  return {
    get: async (id) => {
      if (waiting >= 300) return undefined;
      waiting += 1;
      return good.get(id).finally(() => {
        waiting -= 1;
      });
    },
  };
};

/** What finds no connection free waits for one, and nobody counts for how long. */
const waitsForOneOfTen: Breakage['methods'] = (good) => {
  const connections = Array.from({ length: 10 }, () => Promise.resolve<unknown>(undefined));
  let calls = 0;
  return {
    get(id) {
      const place = calls++ % connections.length;
      const answer = Promise.resolve(connections[place]).then(() => good.get(id));
      // As long as it takes to find out that a connection is dead.
      connections[place] = answer.catch(() => delay(1_000));
      return answer;
    },
  };
};

const saysConnectWhenCalled: Breakage['methods'] = (good) => ({
  get: async (id) => {
    try {
      const session = await good.get(id);
      good.store.emit('connect');
      return session;
    } catch (error) {
      good.store.emit('disconnect');
      throw error;
    }
  },
});

export const failureMutants: Readonly<Record<string, Mutant>> = {
  'failure/answered-refuse': impatientRedis({
    how: 'calls back twice with a failure',
    says: /how often destroy called back\nExpected: 1\nCame: 2/,
    raw: destroyingBy((callback, error) => {
      callback(error);
      callback(error);
    }),
  }),
  'failure/answered-reset': impatientRedis({
    how: 'calls back with a failure, and then with a success',
    says: /how often destroy called back\nExpected: 1\nCame: 2/,
    raw: destroyingBy((callback, error) => {
      callback(error);
      callback(null);
    }),
  }),
  'failure/answered-hang': impatientRedis({
    how: 'calls back before it returns when it knows of an outage',
    says: /touch\nExpected: the callback after the call has returned/,
    raw: () => ({
      touch: (_id: string, _session: unknown, callback: Callback) => callback(new Error('no server')),
    }),
  }),
  'failure/answered-silence': impatientRedis({
    how: 'never answers a get that the server does not answer',
    says: /get\nExpected: an answer within \d+ ms\nCame: none/,
    raw: (good) => ({
      get(id: string, callback: Callback) {
        good.get(id).then(
          (session) => callback(null, session),
          () => {},
        );
      },
    }),
    // So that it meets the silence, and nobody waits for the 18 s of a store that retries.
    options: { retry: false },
    supports: { retries: false },
  }),
  'failure/answered-cutreplies': impatientRedis({
    how: 'calls back twice with a failure',
    says: /how often destroy called back\nExpected: 1\nCame: 2/,
    raw: destroyingBy((callback, error) => {
      callback(error);
      callback(error);
    }),
  }),
  'failure/get-is-an-error-refuse': impatientRedis({
    how: 'finds nothing where it finds no server',
    says: /Expected: an Error\nCame: undefined/,
    methods: findsNothingInOutage,
  }),
  'failure/get-is-an-error-hang': impatientRedis({
    how: 'hands the code of the driver on',
    says: /Expected: no ENOENT/,
    methods: failingWith('get', (error) => Object.assign(new Error(error.message), { code: 'ENOENT' })),
  }),
  'failure/no-enoent': impatientRedis({
    how: 'hands the code of the driver on',
    says: /refused connections: destroy\nExpected: another code/,
    methods: failingWith('destroy', (error) => Object.assign(new Error(error.message), { code: 'ENOENT' })),
  }),
  'failure/touch-answers': impatientRedis({
    how: 'takes a failed touch for a success',
    says: /touched a session[^\n]*\nExpected: an Error\nCame: null/,
    methods: (good) => ({ touch: async (id, session) => good.touch(id, session).catch(() => {}) }),
  }),
  'failure/once': impatientRedis({
    how: 'takes what the callback throws for a failure of its own, and calls it again',
    says: /the calls\n[^\n]*\nCame: \[ 'destroy', 'destroy', 'get', 'set' \]/,
    raw: destroyingBy((callback, error) => {
      try {
        callback(error);
      } catch (again) {
        callback(again);
      }
    }),
  }),
  'failure/promises-agree': impatientRedis({
    how: 'returns a promise that is fulfilled when the callback has been told of a failure',
    says: /the promise of destroy\nExpected: failure\nCame: 'success'/,
    raw: (good) => ({
      destroy: (id: string, callback?: Callback) => good.destroy(id).then(() => callback?.(null), callback),
    }),
  }),
  'failure/destroy-without-callback-refuse': impatientRedis({
    how: 'rejects where nobody listens',
    says: /died of: (SessionStore|Backend)Error/,
    raw: destroyingBy((callback, error) => {
      if (callback === undefined) throw error;
      callback(error);
    }),
  }),
  'failure/destroy-without-callback-hang': impatientRedis({
    how: 'calls the callback that is not there',
    says: /died of: TypeError: callback is not a function/,
    raw: destroyingBy((callback, error) => callback(error)),
  }),
  'failure/works-again': impatientRedis({
    how: 'saves no more after an outage',
    says: /Expected: success\nCame: the error Error: the connection is closed/,
    methods: savesNoMoreAfterOutage,
  }),
  'failure/works-again-after-hang': impatientRedis({
    how: 'saves no more after an outage',
    says: /Expected: success\nCame: the error Error: the connection is closed/,
    methods: savesNoMoreAfterOutage,
  }),
  'failure/application-works-again': impatientRedis({
    how: 'says connect when it is called, which it is no more after it has said disconnect',
    says: /came again and again\nExpected: the session within \d+ ms/,
    methods: saysConnectWhenCalled,
  }),
  'failure/silenced-connections': impatientRedis({
    how: 'saves no more after an outage',
    says: /Expected: success\nCame: the error Error: the connection is closed/,
    options: { retry: false },
    methods: savesNoMoreAfterOutage,
  }),
  'failure/no-stranger': impatientRedis({
    how: 'finds nothing where it finds no server',
    says: /the status\nExpected: 5xx\nCame: 200/,
    methods: findsNothingInOutage,
  }),
  'failure/crowd-refuse': impatientRedis({
    how: 'finds nothing where more calls wait than it has room for',
    says: /Expected: an Error for each\nCame: undefined/,
    methods: findsNothingWhenFull,
  }),
  'failure/crowd-hang': impatientRedis({
    how: 'counts the time of a call from when one of its ten connections is free',
    says: /get\nExpected: an answer within \d+ ms\nCame: none/,
    methods: waitsForOneOfTen,
    options: { retry: false },
    supports: { retries: false },
  }),
  'failure/close-twice': memory({
    how: 'cannot be closed twice',
    says: /a second time\nExpected: success of close\nCame: Error: closed already/,
    raw: ({ store }) => {
      const close = store.close?.bind(store);
      let isClosed = false;
      return {
        async close() {
          if (isClosed) throw new Error('closed already');
          isClosed = true;
          await close();
        },
      };
    },
  }),
  'failure/close-while-busy': memory({
    how: 'answers what is running when it is closed, and again when it is done',
    says: /called back more than once\nExpected: \[\]\nCame: \[\s+'get'/,
    raw: (good) => {
      const running = new Set<Callback>();
      const close = good.store.close?.bind(good.store);
      return {
        get(id: string, callback: Callback) {
          running.add(callback);
          good
            .get(id)
            .finally(() => running.delete(callback))
            .then((session) => callback(null, session), callback);
        },
        async close() {
          for (const callback of running) callback(new Error('the store is closed'));
          await close();
        },
      };
    },
  }),
  'failure/close-in-outage': impatientRedis({
    how: 'says good-bye to the server when it is closed, and fails where that fails',
    says: /Expected: success of close\nCame: /,
    raw: (good) => {
      const close = good.store.close?.bind(good.store);
      return {
        async close() {
          await good.length();
          await close();
        },
      };
    },
  }),
  'failure/discreet-events': memory({
    how: 'tells whoever listens the id of what it has saved',
    says: /nothing of the session's id in an event\nCame: .*saved: /,
    methods: (good) => ({
      set: async (id, session) => {
        await good.set(id, session);
        good.store.emit('saved', { id });
      },
    }),
  }),
  'failure/discreet-events-in-outage': impatientRedis({
    how: 'tells whoever listens the session that it could not save',
    says: /nothing of the session's data in an event\nCame: .*storeError: /,
    methods: (good) => ({
      set: async (id, session) =>
        good.set(id, session).catch((error) => {
          good.store.emit('storeError', { error, session: plain(session) });
          throw error;
        }),
    }),
  }),
};
