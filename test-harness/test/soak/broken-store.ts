// What a process of a soak imports: it runs as it is, so it imports packages only. The query of its URL says how it is broken.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { SessionStore, type SessionStoreOptions } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import { SqliteBackend } from '@session-stores/sqlite';
import type { Subject } from '@session-stores/test-harness';
import type { SessionData } from 'express-session';

// biome-ignore lint/suspicious/noExplicitAny: the methods of a store, whose types do not matter to what is broken
type Method = (...values: any[]) => any;
type Methods = Record<string, Method>;

interface Breakage {
  readonly options?: SessionStoreOptions;
  /** Methods in the place of the good ones. */
  methods?(good: Methods): Methods;
  /** Is done when the store is made. */
  made?(): unknown;
}

const one = <Value>(values: readonly Value[]): Value =>
  values[Math.floor(Math.random() * values.length)] as Value;
/** True once in so many calls. */
function sometimes(every = 20): boolean {
  calls = (calls + 1) % every;
  return calls === 0;
}
let calls = 0;
const kept: unknown[] = [];
const plain = (session: SessionData): SessionData => JSON.parse(JSON.stringify(session));

const breakages: Record<string, Breakage> = {
  nothing: {},
  'saves whether or not the session was destroyed meanwhile': {
    methods: ({ set }) => ({ set: (id, session, callback) => set?.(id, plain(session), callback) }),
  },
  'puts whole sessions in the place of others': { options: { onConflict: 'overwrite' } },
  'updates in two steps': {
    methods: ({ get, set }) => ({
      update(id, change, callback) {
        get?.(id, (_error: unknown, session: SessionData | undefined) => {
          if (session === undefined) return callback(null);
          change(session);
          setTimeout(() => set?.(id, session, () => callback(null, session)), 5);
        });
      },
    }),
  },
  'loses a session now and then': {
    methods: ({ get }) => ({ get: (id, callback) => get?.(sometimes() ? 'nobody' : id, callback) }),
  },
  'takes one id for another now and then': {
    methods({ get }) {
      const ids: string[] = [];
      return {
        get(id, callback) {
          ids.push(id);
          get?.(sometimes() ? one(ids) : id, callback);
        },
      };
    },
  },
  'does not answer now and then': {
    methods: ({ touch }) => ({ touch: (...values) => sometimes(60) || touch?.(...values) }),
  },
  'is careless': {
    methods: ({ touch, set, destroy }) => ({
      touch: (...values) => (sometimes() ? values[2](null) : touch?.(...values)),
      set(...values) {
        // Nobody handles it.
        if (sometimes()) void Promise.reject(new Error('a rejection'));
        kept.push(values[1]);
        return set?.(...values);
      },
      destroy(id, callback) {
        return destroy?.(id, (error: unknown) => {
          callback?.(error);
          callback?.(error);
        });
      },
    }),
    made: () => setInterval(() => {}, 1_000).unref(),
  },
  'dies now and then': {
    methods: ({ set }) => ({
      set(...values) {
        if (sometimes(100)) setImmediate(() => Object(undefined).nothing.at.all);
        return set?.(...values);
      },
    }),
  },
  'never ends': {
    made: async () => once(createServer().listen(0, '127.0.0.1'), 'listening'),
  },
  'fails for good after a while': {
    methods({ get }) {
      let calls = 0;
      return {
        get: (id, callback) =>
          ++calls > 60 ? setImmediate(callback, new Error('broken for good')) : get?.(id, callback),
      };
    },
  },
  'remembers what it has once read': {
    methods({ get }) {
      const sessions = new Map<string, SessionData>();
      return {
        get(id, callback) {
          const session = sessions.get(id);
          if (session !== undefined) return setImmediate(callback, null, plain(session));
          return get?.(id, (error: unknown, found: SessionData | undefined) => {
            if (found !== undefined) sessions.set(id, plain(found));
            callback(error, found);
          });
        },
      };
    },
  },
};

const query = new URL(import.meta.url).searchParams;
const how = query.get('how') ?? '';
const breakage = breakages[how];
if (breakage === undefined) throw new Error(`no store is broken like '${how}'`);
const isShared = query.has('shared');

const subject: Subject = {
  name: `a store that ${how}`,
  async create({ directory }) {
    const backend = isShared ? new SqliteBackend({ path: `${directory}/sessions.db` }) : new MemoryBackend();
    const store = new SessionStore(backend, breakage.options);
    const members = store as unknown as Methods;
    const good = Object.fromEntries(
      ['get', 'set', 'touch', 'destroy', 'update'].map((name) => [
        name,
        members[name]?.bind(store) as Method,
      ]),
    );
    Object.assign(members, breakage.methods?.(good));
    await breakage.made?.();
    return store;
  },
  supports: isShared ? { processes: import.meta.url } : {},
};
export default subject;
