import { setImmediate } from 'node:timers/promises';
import type {
  CallContext,
  ChangeListener,
  Expiry,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  SessionBackend,
  SessionRecord,
  Watch,
  WriteAnswer,
} from '@session-stores/core';
import type { Breakage } from './good-backend.js';

/** Changes what a primitive is given. */
const writing =
  (change: (write: RecordWrite) => RecordWrite): Breakage =>
  (inner) => ({ write: (writes, context) => inner.write(writes.map(change), context) });
const touching =
  (change: (touch: RecordTouch) => RecordTouch): Breakage =>
  (inner) => ({ touch: (touches, context) => inner.touch(touches.map(change), context) });
const removing =
  (change: (removal: RecordRemoval) => RecordRemoval): Breakage =>
  (inner) => ({ remove: (removals, context) => inner.remove(removals.map(change), context) });

/** Changes what a write is answered. */
const answering =
  (
    change: (answer: WriteAnswer, write: RecordWrite, inner: SessionBackend, context: CallContext) => unknown,
  ): Breakage =>
  (inner) => ({
    async write(writes, context) {
      const answers = await inner.write(writes, context);
      const changed = answers.map((answer, index) =>
        change(answer, writes[index] as RecordWrite, inner, context),
      );
      return Promise.all(changed) as Promise<WriteAnswer[]>;
    },
  });

const written = { status: 'written' } as const;
const isInsert = ({ expect }: RecordWrite): boolean => expect === 'absent';

const wholeSeconds = ({ in: milliseconds, exact }: Expiry): Expiry => ({
  in: Math.ceil(milliseconds / 1_000) * 1_000,
  exact,
});
const capped = ({ in: milliseconds, exact }: Expiry): Expiry => ({
  in: Math.min(milliseconds, 2 ** 31 - 1),
  exact,
});

/** Writes whatever is stored now, looked up a moment before. */
const readThenWrite: Breakage = (inner) => ({
  async write(writes, context) {
    const found = (await inner.read(
      writes.map(({ id }) => id),
      context,
    )) as readonly (SessionRecord | undefined)[];
    await setImmediate();
    const answers: WriteAnswer[] = [];
    for (const [index, write] of writes.entries()) {
      const current = found[index];
      if (
        current !== undefined &&
        (write.expect === 'absent' || write.expect.revision !== current.revision)
      ) {
        answers.push({ status: 'conflict', current });
      } else {
        await inner.remove([{ id: write.id, grace: 0 }], context);
        const [answer] = await inner.write([{ ...write, expect: 'absent' }], context);
        answers.push(answer as WriteAnswer);
      }
    }
    return answers;
  },
});

/** Writes over what is there, where the good one answers a conflict that `when` picks. */
const overwriting = (when: (write: RecordWrite, current: SessionRecord) => boolean): Breakage =>
  answering(async (answer, write, inner, context) => {
    if (answer.status !== 'conflict' || !when(write, answer.current)) return answer;
    await inner.write([{ ...write, expect: { revision: answer.current.revision } }], context);
    return written;
  });

/** Forgets the grave of an id once `when` has said so of a removal. */
const forgettingGraves =
  (when: (removal: RecordRemoval, times: number) => boolean): Breakage =>
  (inner) => {
    const times = new Map<string, number>();
    const forgotten = new Set<string>();
    return {
      async remove(removals, context) {
        for (const removal of removals) {
          const removed = (times.get(removal.id) ?? 0) + 1;
          times.set(removal.id, removed);
          if (when(removal, removed)) forgotten.add(removal.id);
        }
        return inner.remove(removals, context);
      },
      ...answering((answer, write) =>
        answer.status === 'gone' && forgotten.has(write.id) ? written : answer,
      )(inner),
    };
  };

/** Lets no insert of an id in that somebody removed, if it was. */
const blockingIds: Breakage = (inner) => {
  const removed = new Set<string>();
  return {
    remove(removals, context) {
      for (const { id } of removals) removed.add(id);
      return inner.remove(removals, context);
    },
    ...answering((answer, { id }) => (removed.has(id) ? { status: 'gone' } : answer))(inner),
  };
};

const noGraveWhereNothingIs: Breakage = (inner) => ({
  async remove(removals, context) {
    const found = await inner.read(
      removals.map(({ id }) => id),
      context,
    );
    const changed = removals.map((removal, index) => (found[index] ? removal : { ...removal, grace: 0 }));
    return inner.remove(changed, context);
  },
});

/** The whole call fails where one item does. */
const allOrNothing =
  (primitive: 'read' | 'write' | 'touch' | 'remove'): Breakage =>
  (inner) => ({
    [primitive]: async (items: never, context: CallContext) => {
      const answers = await inner[primitive](items, context);
      for (const answer of answers) {
        if (answer !== undefined && 'status' in answer && answer.status === 'error') throw answer.error;
      }
      return answers;
    },
  });

const ignoringSignals: Breakage = (inner) => {
  const signal = new AbortController().signal;
  return { write: (writes) => inner.write(writes, { signal }) };
};

const scanning =
  (
    pages: (inner: SessionBackend, context: CallContext) => AsyncIterable<readonly SessionRecord[]>,
  ): Breakage =>
  (inner) => ({ scan: (context) => pages(inner, context) });

/** Hears otherwise than it should. */
const hearing =
  (change: (listener: ChangeListener) => Partial<ChangeListener>): Breakage =>
  (inner) => ({
    async watch(listener, context) {
      const bound: ChangeListener = {
        changed: (names, by) => listener.changed(names, by),
        toldUntil: (moment) => listener.toldUntil(moment),
        lost: () => listener.lost(),
      };
      return (await inner.watch?.({ ...bound, ...change(listener) }, context)) as Watch;
    },
  });

/** For every check a backend that it must fail. `shareAll`: storages of different names are one. */
export const mutants: Readonly<Record<string, Breakage | 'shareAll'>> = {
  'write/absent-is-written': writing((write) => ({ ...write, birth: write.revision })),
  'write/unanswered-is-written': answering((answer, { unanswered }) =>
    unanswered && answer.status === 'written' ? { status: 'buried' } : answer,
  ),
  'write/absent-meets-live': overwriting(isInsert),
  'write/absent-same-birth-meets-live': answering((answer, write) =>
    answer.status === 'conflict' && answer.current.birth === write.birth ? written : answer,
  ),
  'write/expected-revision-is-written': (inner) => ({
    async write(writes, context) {
      return writes.every(isInsert) ? inner.write(writes, context) : writes.map(() => written);
    },
  }),
  'write/another-birth-under-the-revision': (inner) => ({
    async write(writes, context) {
      const [found] = (await inner.read([writes[0]?.id ?? ''], context)) as [SessionRecord | undefined];
      if (found !== undefined && found.birth !== writes[0]?.birth)
        return writes.map(() => ({ status: 'gone' }));
      return inner.write(writes, context);
    },
  }),
  'write/another-revision-is-a-conflict': overwriting((write) => !isInsert(write)),
  'write/revision-is-compared-whole': overwriting(
    ({ expect }, { revision }) => expect !== 'absent' && revision.startsWith(expect.revision.slice(0, 12)),
  ),
  'write/update-of-nothing-is-gone': answering(async (answer, write, inner, context) => {
    if (answer.status !== 'gone' || isInsert(write)) return answer;
    await inner.write([{ ...write, birth: 'anotherBirth', expect: 'absent' }], context);
    return written;
  }),
  'write/one-winner': readThenWrite,
  'write/one-winner-among-backends': readThenWrite,
  'touch/moves-only-the-expiry': touching((touch) => ({ ...touch, expiry: { in: 0, exact: false } })),
  'touch/another-revision-is-changed': (inner) => ({
    async touch(touches, context) {
      const answers = await inner.touch(touches, context);
      const current = answers[0]?.status === 'changed' ? answers[0].current : undefined;
      if (current === undefined) return answers;
      return inner.touch(
        touches.map((touch) => ({ ...touch, revision: current.revision })),
        context,
      );
    },
  }),
  'touch/revision-is-compared-whole': (inner) => ({
    async touch(touches, context) {
      const answers = await inner.touch(touches, context);
      return answers.map((answer, index) => {
        const asked = touches[index]?.revision ?? '';
        const isNear = answer.status === 'changed' && asked.startsWith(answer.current.revision);
        return isNear ? { status: 'touched' } : answer;
      });
    },
  }),
  'touch/nothing-is-gone': (inner) => ({
    async touch(touches, context) {
      const answers = await inner.touch(touches, context);
      return answers.map((answer) => (answer.status === 'gone' ? { status: 'touched' } : answer));
    },
  }),
  'remove/live-of-its-birth': removing((removal) => ({ ...removal, grace: 0 })),
  'remove/live-no-birth-given': removing((removal) => (removal.birth ? removal : { ...removal, grace: 0 })),
  'remove/another-birth': removing(({ id, grace }) => ({ id, grace })),
  'remove/birth-is-compared-whole': (inner) => ({
    async remove(removals, context) {
      const answers = await inner.remove(removals, context);
      const near = removals.map((removal, index) => {
        const answer = answers[index];
        const isNear = answer?.status === 'other' && answer.birth?.startsWith(removal.birth ?? '');
        return isNear ? { ...removal, birth: answer.birth } : removal;
      });
      return inner.remove(near as RecordRemoval[], context);
    },
  }),
  'remove/nothing-with-a-birth': noGraveWhereNothingIs,
  'remove/nothing-no-birth': blockingIds,
  'remove/no-birth-keeps-a-grave': forgettingGraves(({ birth }) => birth === undefined),
  'remove/grave-lets-another-birth-in': blockingIds,
  'remove/unanswered-and-given-again': forgettingGraves((_, times) => times === 2),
  'remove/unanswered-of-its-birth': answering((answer, { unanswered }) =>
    unanswered && answer.status === 'gone' ? { status: 'buried' } : answer,
  ),
  'remove/grave-of-an-expired-birth': noGraveWhereNothingIs,
  'remove/no-grace-no-grave': removing((removal) => ({ ...removal, grace: removal.grace + 5_000 })),
  'remove/grave-ends': removing((removal) => ({ ...removal, grace: 10 * removal.grace })),
  'remove/grave-of-a-longer-grace-stays': forgettingGraves((_, times) => times === 2),
  'remove/grave-in-another-backend': (inner) => {
    const mine = new Set<string | undefined>();
    return {
      remove(removals, context) {
        for (const { birth } of removals) mine.add(birth);
        return inner.remove(
          removals.map((removal) => ({ ...removal, grace: 0 })),
          context,
        );
      },
      ...answering((answer, { birth }) => (mine.has(birth) ? { status: 'gone' } : answer))(inner),
    };
  },
  'expiry/insert-to-the-millisecond': writing((write) => ({ ...write, expiry: wholeSeconds(write.expiry) })),
  'expiry/update-to-the-millisecond': writing((write) =>
    isInsert(write) ? write : { ...write, expiry: { ...write.expiry, exact: false } },
  ),
  'expiry/touch-to-the-millisecond': touching((touch) => ({ ...touch, expiry: wholeSeconds(touch.expiry) })),
  'expiry/at-least-never-shortens': writing((write) => ({
    ...write,
    expiry: { ...write.expiry, exact: true },
  })),
  'expiry/at-least-extends': touching(({ expiry, ...touch }) => ({
    ...touch,
    expiry: expiry.exact ? expiry : { in: 0, exact: false },
  })),
  'expiry/insert-for-at-least': writing((write) =>
    write.expiry.exact ? write : { ...write, expiry: wholeSeconds(write.expiry) },
  ),
  'expiry/expired-is-absent': answering((answer, write) =>
    answer.status === 'gone' && !isInsert(write) ? written : answer,
  ),
  'expiry/far': writing((write) => ({ ...write, expiry: capped(write.expiry) })),
  'call/order-of-answers': (inner) => ({
    read: async (ids, context) => [...(await inner.read(ids, context))].reverse(),
  }),
  'call/mixed-items': (inner) => ({
    write: async (writes, context) =>
      [...(await inner.write(writes, context))].sort((a, b) => a.status.localeCompare(b.status)),
  }),
  'call/no-items': (inner) => ({
    read: async (ids, context) => (ids.length === 0 ? [undefined] : inner.read(ids, context)),
  }),
  'data/ids-are-data': writing((write) => ({ ...write, id: write.id.toLowerCase().trim() })),
  'data/kept': writing((write) => ({ ...write, data: write.data.trim() })),
  'data/apart': 'shareAll',
  'call/aborted-before': ignoringSignals,
  'call/one-bad-item-read': allOrNothing('read'),
  'call/one-bad-item-write': allOrNothing('write'),
  'call/one-bad-item-touch': allOrNothing('touch'),
  'call/one-bad-item-remove': allOrNothing('remove'),
  'call/optional-primitives': () => ({ count: undefined }) as unknown as Partial<SessionBackend>,
  'call/transience-of-anything': () => ({
    isTransient: (error) => (error as { code: string }).code === 'EPIPE',
  }),
  'call/close-at-any-time': () => {
    let closed = 0;
    return {
      async close() {
        if (++closed === 2) throw new Error('closed already');
      },
    };
  },
  'scan/all-live': scanning(async function* (inner, context) {
    for await (const page of inner.scan(context)) {
      yield page;
      return;
    }
  }),
  'scan/nothing': scanning(async function* () {
    yield [{ id: 'ghost', data: '', birth: undefined, revision: 'of a ghost!!', expiresAt: 0 }];
  }),
  'scan/holds-nothing-open': scanning(async function* (inner, context) {
    const all: SessionRecord[] = [];
    for await (const page of inner.scan(context)) all.push(...page);
    yield all;
  }),
  'scan/left-early': (inner) => {
    let open = false;
    return {
      async *scan(context) {
        for await (const page of inner.scan(context)) {
          open = true;
          yield page;
        }
        open = false;
      },
      async write(writes, context) {
        if (open) throw new Error('a cursor is open');
        return inner.write(writes, context);
      },
    };
  },
  'scan/aborted': scanning((inner) => inner.scan({ signal: new AbortController().signal })),
  'count/live-only': (inner) => {
    let inserts = 0;
    return {
      write(writes, context) {
        inserts += writes.length;
        return inner.write(writes, context);
      },
      count: async () => inserts,
    };
  },
  'clear/own-only': (inner) => ({ clear: async (context) => inner.clear?.({ ...context, grace: 0 }) }),
  'clear/without-graves': (inner) => ({
    clear: async (context) => inner.clear?.({ ...context, grace: 9_000 }),
  }),
  'prune/expired-only': (inner) => ({ prune: async (_, context) => inner.prune?.(1_000, context) ?? 0 }),
  'prune/keeps-graves': (inner) => {
    let pruned = false;
    return {
      async prune(limit, context) {
        pruned = true;
        return inner.prune?.(limit, context) ?? 0;
      },
      ...answering((answer) => (pruned && answer.status === 'gone' ? written : answer))(inner),
    };
  },
  'watch/tells-what-others-change': (inner) => ({
    touch: (touches, { signal }) => inner.touch(touches, { signal }),
  }),
  'watch/tells-of-many': hearing((listener) => ({
    changed: (names, by) => listener.changed(names.slice(0, 256), by),
  })),
  'watch/tells-before-it-vouches': hearing((listener) => ({
    changed: (names, by) => void setTimeout(() => listener.changed(names, by), 20),
  })),
  'watch/tells-of-a-clear': (inner) => ({
    clear: async ({ signal, grace }) => inner.clear?.({ signal, grace }),
  }),
  'watch/names-no-id': hearing((listener) => ({ changed: (names) => listener.changed(names, 'nobody') })),
  'watch/quiet-while-nothing-changes': (inner) => ({
    async watch(listener, context) {
      const watch = (await inner.watch?.(listener, context)) as Watch;
      return { ...watch, catchUp: () => listener.lost() };
    },
  }),
  'watch/ends': (inner) => ({
    async watch(listener, context) {
      return { ...((await inner.watch?.(listener, context)) as Watch), async stop() {} };
    },
  }),
};
