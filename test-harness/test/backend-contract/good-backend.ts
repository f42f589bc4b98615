import { type CallContext, type ChangeListener, recordName, type SessionBackend } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import type { BackendSubject } from '../../src/backend-contract/backend-check.js';

/** What a mutant does otherwise; `inner` is a good backend. */
export type Breakage = (inner: SessionBackend) => Partial<SessionBackend>;

const primitives = ['read', 'write', 'touch', 'remove'] as const;

/** A backend that meets every need of the checks, and what `broken` does otherwise. */
export function subjectOf(broken: Breakage = () => ({}), shareAll = false): BackendSubject {
  const storages = new Map<string, MemoryBackend>();
  /** Who watches, by namespace. */
  const listeners = new Map<string, Set<ChangeListener>>();
  /** Namespace and id. */
  const bad = new Set<string>();
  /** Tells all who watch what changed when it is answered, and some time later that all was told. */
  const watched = (key: string, inner: SessionBackend): SessionBackend => {
    const all = listeners.get(key) ?? new Set();
    listeners.set(key, all);
    const tell = (items: readonly { readonly id: string }[], { announceAs }: CallContext): void => {
      if (announceAs === undefined) return;
      for (const one of all)
        one.changed(
          items.map(({ id }) => recordName(id)),
          announceAs,
        );
    };
    return {
      ...inner,
      async write(writes, context) {
        const answers = await inner.write(writes, context);
        tell(
          writes.filter(({ expect }) => expect !== 'absent'),
          context,
        );
        return answers;
      },
      async touch(touches, context) {
        const answers = await inner.touch(touches, context);
        tell(touches, context);
        return answers;
      },
      async remove(removals, context) {
        const answers = await inner.remove(removals, context);
        tell(removals, context);
        return answers;
      },
      async clear(context) {
        await inner.clear?.(context);
        if (context.announceAs !== undefined) for (const one of all) one.lost();
      },
      async watch(listener) {
        all.add(listener);
        const beat = setInterval(() => listener.toldUntil(performance.now()), 5);
        return {
          async stop() {
            clearInterval(beat);
            all.delete(listener);
          },
        };
      },
    };
  };
  return {
    name: 'memory that several backends share',
    create({ namespace }) {
      const key = shareAll ? '' : namespace;
      const storage = storages.get(key) ?? new MemoryBackend();
      storages.set(key, storage);
      const good = failingFor((id) => bad.has(`${namespace} ${id}`), watched(key, withMethods(storage)));
      return { ...good, ...broken(good) };
    },
    shared: true,
    watches: true,
    spoiled: {
      primitives,
      async apply(id, { namespace }) {
        bad.add(`${namespace} ${id}`);
      },
    },
  };
}

/** The methods as own properties, which a spread copies; `close` leaves the storage to the others. */
function withMethods(storage: MemoryBackend): SessionBackend {
  return {
    name: 'memory',
    settlesAtOnce: true,
    open: (context) => storage.open(context),
    close: async () => {},
    read: (ids, context) => storage.read(ids, context),
    write: (writes, context) => storage.write(writes, context),
    touch: (touches, context) => storage.touch(touches, context),
    remove: (removals, context) => storage.remove(removals, context),
    scan: (context) => storage.scan(context),
    count: (context) => storage.count(context),
    clear: (context) => storage.clear(context),
    prune: (limit, context) => storage.prune(limit, context),
    isTransient: () => storage.isTransient(),
  };
}

function failingFor(isBad: (id: string) => boolean, inner: SessionBackend): SessionBackend {
  const failed = { status: 'error', error: new Error('a bad item') } as const;
  const each = <Item, Answer>(
    idOf: (item: Item) => string,
    answers: readonly Answer[],
    items: readonly Item[],
  ): (Answer | typeof failed)[] =>
    answers.map((answer, index) => (isBad(idOf(items[index] as Item)) ? failed : answer));
  return {
    ...inner,
    read: async (ids, context) => each((id) => id, await inner.read(ids, context), ids),
    write: async (writes, context) => each(({ id }) => id, await inner.write(writes, context), writes),
    touch: async (touches, context) => each(({ id }) => id, await inner.touch(touches, context), touches),
    remove: async (removals, context) =>
      each(({ id }) => id, await inner.remove(removals, context), removals),
  };
}
