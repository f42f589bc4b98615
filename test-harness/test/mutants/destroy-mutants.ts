import type { Session } from 'express-session';
import { impatientRedis, memory } from './bases.js';
import { remembering } from './broken-ways.js';
import type { Breakage, Callback, Mutant } from './mutant.js';

/** Says that it has destroyed, and has not. */
const destroysNothing: Breakage['methods'] = () => ({ destroy: async () => {} });

export const destroyMutants: Readonly<Record<string, Mutant>> = {
  'destroy/data-gone': memory({
    how: 'destroys nothing',
    says: /destroyed and got a session\nExpected: undefined/,
    methods: destroysNothing,
  }),
  'destroy/others-stay': memory({
    how: 'destroys whatever begins like the id',
    says: /destroyed `a`, got `ab`\nExpected: 'ab'\nCame: undefined/,
    methods: (good) => ({
      destroy: async (id) => {
        const all = (await good.ids()) as string[];
        await Promise.all(all.filter((other) => other.startsWith(id)).map((other) => good.destroy(other)));
      },
    }),
  }),
  'destroy/not-listed': memory({
    how: 'lists what was destroyed',
    says: /asked for the ids/,
    methods: remembering((_good, remembered) => ({ ids: async () => [...remembered.keys()] })),
  }),
  'destroy/not-counted': memory({
    how: 'counts what was destroyed',
    says: /asked for the length\nExpected: 0\nCame: 1/,
    methods: remembering((_good, remembered) => ({ length: async () => remembered.size })),
  }),
  'destroy/no-error': memory({
    how: 'calls back with how many it has destroyed',
    says: /Expected: null or undefined\nCame: 1/,
    raw: (good) => ({
      destroy: (id: string, callback?: Callback) => good.destroy(id).then(() => callback?.(1)),
    }),
  }),
  'destroy/null': memory({
    how: 'calls back with undefined',
    says: /looked at the error\nExpected: null\nCame: undefined/,
    raw: (good) => ({
      destroy: (id: string, callback?: Callback) => good.destroy(id).then(() => callback?.()),
    }),
  }),
  'destroy/failure-is-an-error': impatientRedis({
    how: 'fails with a text',
    says: /cut the network, destroyed a session\nExpected: an Error\nCame: '/,
    raw: (good) => ({
      destroy: (id: string, callback?: Callback) =>
        good.destroy(id).then(
          () => callback?.(null),
          (error) => callback?.(error.message),
        ),
    }),
  }),
  'destroy/absent': memory({
    how: 'takes the destroy of nothing for an error',
    says: /never set\nExpected: success\nCame: Error: no such session/,
    methods: (good) => ({
      destroy: async (id) => {
        if ((await good.get(id)) === undefined) throw new Error('no such session');
        await good.destroy(id);
      },
    }),
  }),
  'destroy/twice': memory({
    how: 'takes the second destroy for an error',
    says: /twice\nExpected: success\nCame: Error: destroyed already/,
    methods: (good) => {
      const destroyed = new Set<string>();
      return {
        destroy: async (id) => {
          if (destroyed.has(id)) throw new Error('destroyed already');
          destroyed.add(id);
          await good.destroy(id);
        },
      };
    },
  }),
  'destroy/without-callback': memory({
    how: 'calls the callback that is not there',
    says: /died of: TypeError: callback is not a function/,
    raw: (good) => ({
      destroy: (id: string, callback: Callback) => good.destroy(id).then(() => callback(null)),
    }),
  }),
  'destroy/hundred-of-one': memory({
    how: 'refuses to destroy what is being destroyed',
    says: /Expected: success\nCame: the error Error: busy/,
    methods: (good) => {
      const running = new Set<string>();
      return {
        destroy: async (id) => {
          if (running.has(id)) throw new Error('busy');
          running.add(id);
          await good.destroy(id).finally(() => running.delete(id));
        },
      };
    },
  }),
  'destroy/thousands': memory({
    how: 'loses what goes beyond a thousand at once',
    says: /counted those that are alive\nExpected: 0\nCame: 1000/,
    methods: (good) => {
      let running = 0;
      return {
        destroy: async (id) => {
          running += 1;
          if (running <= 1_000) await good.destroy(id);
          else await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        },
      };
    },
  }),
  'destroy/many': memory({
    how: 'destroys the first of many',
    says: /destroyed `three`, got it\nExpected: undefined/,
    methods: (good) => ({ destroyMany: async ([first = '']) => good.destroy(first) }),
  }),
  'destroy/logout-ends-the-data': memory({
    how: 'destroys nothing',
    says: /logged out, got the session from the store\nExpected: undefined/,
    methods: destroysNothing,
  }),
  'destroy/no-session-in-callback': memory({
    how: 'makes sessions that stay on the request when they are destroyed',
    says: /it is gone\nExpected: true\nCame: false/,
    raw: (good) => {
      const createSession = good.store.createSession.bind(good.store);
      return {
        createSession(request: never, data: never) {
          const session: Session = createSession(request, data);
          const destroy = (callback?: Callback) => {
            good.destroy(session.id).then(() => callback?.(null));
            return session;
          };
          return Object.defineProperty(session, 'destroy', { value: destroy });
        },
      };
    },
  }),
  'destroy/new-session': memory({
    how: 'empties the session instead of ending it',
    says: /with the old cookie: its id\nExpected: another id/,
    methods: (good) => ({
      destroy: async (id) => {
        const session = await good.get(id);
        if (session !== undefined) await good.set(id, { cookie: session.cookie });
      },
    }),
  }),
  'destroy/genid-decides': memory({
    how: 'does not let an id be used again',
    says: /logged out, came again: id and data/,
    methods: (good) => {
      const destroyed = new Set<string>();
      return {
        destroy: async (id) => {
          destroyed.add(id);
          await good.destroy(id);
        },
        get: async (id) => {
          if (destroyed.has(id)) throw new Error('that session was destroyed');
          return good.get(id);
        },
      };
    },
  }),
  'destroy/idle-timeout': memory({
    how: 'throws where there is no callback',
    says: /came too late: the status\nExpected: 302\nCame: 500/,
    raw: (good) => ({
      destroy(id: string, callback?: Callback) {
        if (callback === undefined) throw new TypeError('callback is not a function');
        good.destroy(id).then(() => callback(null), callback);
      },
    }),
  }),
  'destroy/application-can-tell': impatientRedis({
    how: 'takes an outage for a success',
    says: /logged out: the status\nExpected: 5xx\nCame: 200/,
    methods: (good) => ({ destroy: async (id) => good.destroy(id).catch(() => {}) }),
  }),
  'destroy/second-try': impatientRedis({
    how: 'believes that what it has tried once is done',
    says: /logged out again, got the session\nExpected: undefined/,
    methods: () => {
      const tried = new Set<string>();
      return {
        destroy: async (id) => {
          if (tried.has(id)) return;
          tried.add(id);
          throw new Error('the server cannot be reached');
        },
      };
    },
  }),
};
