import { inspect } from 'node:util';
import type { RecordWrite, SessionRecord } from '@session-stores/core';
import { expectEqual, expectThat } from '../suite/expectations.js';
import type { BackendCheck } from './backend-check.js';
import {
  expectRecord,
  expectRefusal,
  later,
  newInsert,
  newName,
  newUpdate,
  SingleItems,
  writeAll,
} from './single-items.js';

async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return { resolvedTo: await promise };
  } catch {
    return 'rejected';
  }
}

export const callChecks: readonly BackendCheck[] = [
  {
    id: 'call/order-of-answers',
    title: 'answers come in the order of the items, 512 of them, whatever each one meets',
    async run(trial) {
      const { backend, context } = trial;
      const writes = Array.from({ length: 512 }, (_, index) => newInsert(`item-${index}`));
      await writeAll(trial, writes);
      const ids = writes.map(({ id }, index) => (index % 3 === 0 ? `absent-${index}` : id)).reverse();
      const read = await backend.read(ids, context);
      expectEqual('read them backwards, every third absent: number of answers', read.length, 512);
      for (const [position, answer] of read.entries()) {
        const index = 511 - position;
        if (index % 3 === 0) expectEqual(`read absent-${index}`, answer, undefined);
        else expectRecord(`read item-${index}`, answer, writes[index] as RecordWrite);
      }
      const removals = ids.map((id) => ({ id, grace: 0 }));
      const removed = await backend.remove(removals, context);
      expectEqual(
        'removed them: number removed',
        removed.filter(({ status }) => status === 'removed').length,
        512,
      );
    },
  },
  {
    id: 'call/mixed-items',
    title: 'in one call each item is answered for itself: written, conflict and gone side by side',
    async run(trial) {
      const { backend, context } = trial;
      const items = new SingleItems(trial);
      const [a, b, d] = [newInsert('a'), newInsert('b'), newInsert('d')];
      await writeAll(trial, [a, b, d]);
      await items.remove('d', d.birth, 10_000);
      const written = await backend.write(
        [newInsert('a'), newUpdate(newInsert('c')), newUpdate(b), d, newInsert('e')],
        context,
      );
      const [conflict, ...others] = written;
      expectRefusal('inserted over a live one', conflict as NonNullable<typeof conflict>, 'conflict', a);
      expectEqual(
        'the others of that call',
        others.map(({ status }) => status),
        ['gone', 'written', 'gone', 'written'],
      );
      const touched = await backend.touch(
        [
          { id: 'c', revision: newName(), expiry: later },
          { id: 'a', revision: a.revision, expiry: later },
          { id: 'b', revision: b.revision, expiry: later },
        ],
        context,
      );
      expectEqual(
        'touched an absent one, a live one, a changed one',
        touched.map(({ status }) => status),
        ['gone', 'touched', 'changed'],
      );
      const removed = await backend.remove(
        [
          { id: 'b', birth: newName(), grace: 0 },
          { id: 'a', birth: a.birth, grace: 0 },
          { id: 'c', grace: 0 },
        ],
        context,
      );
      expectEqual('removed another birth, the live one, an absent one', removed, [
        { status: 'other', birth: b.birth },
        { status: 'removed' },
        { status: 'removed' },
      ]);
    },
  },
  {
    id: 'call/no-items',
    title: 'a call with no items answers nothing',
    async run({ backend, context }) {
      expectEqual('read nothing', [...(await backend.read([], context))], []);
      expectEqual('wrote nothing', [...(await backend.write([], context))], []);
      expectEqual('touched nothing', [...(await backend.touch([], context))], []);
      expectEqual('removed nothing', [...(await backend.remove([], context))], []);
    },
  },
  {
    id: 'call/aborted-before',
    title: 'a call whose time is up before it begins rejects and changes nothing; the next one works',
    async run(trial) {
      const { backend } = trial;
      const items = new SingleItems(trial);
      const stored = await items.written(newInsert('a', { expiry: { in: 50_000, exact: true } }));
      const context = { signal: AbortSignal.abort(new Error('the time is up')) };
      const calls: Record<string, PromiseLike<unknown>> = {
        read: backend.read(['a'], context),
        insert: backend.write([newInsert('b')], context),
        update: backend.write([newUpdate(stored)], context),
        touch: backend.touch(
          [{ id: 'a', revision: stored.revision, expiry: { in: 1, exact: true } }],
          context,
        ),
        remove: backend.remove([{ id: 'a', grace: 0 }], context),
      };
      const outcomes = await Promise.all(Object.values(calls).map(rejection));
      expectEqual(
        'called with an aborted signal',
        Object.fromEntries(Object.keys(calls).map((name, index) => [name, outcomes[index]])),
        Object.fromEntries(Object.keys(calls).map((name) => [name, 'rejected'])),
      );
      const { expiresAt } = await items.expectStored('called with an aborted signal', stored);
      expectThat(
        expiresAt > Date.now() + 10_000,
        'touched with an aborted signal',
        'the old expiry',
        expiresAt,
      );
      await items.expectAbsent('inserted with an aborted signal', 'b');
      await items.written(newUpdate(stored));
    },
  },
  ...(['read', 'write', 'touch', 'remove'] as const).map(
    (primitive): BackendCheck => ({
      id: `call/one-bad-item-${primitive}`,
      title: `${primitive}: an item that the storage fails on is answered with an error, the others are served`,
      needs: [`spoiled ${primitive}`],
      async run(trial) {
        const { backend, context } = trial;
        const writes = ['good-1', 'bad', 'good-2'].map((id) => newInsert(id));
        await writeAll(trial, writes);
        await trial.spoil('bad');
        const calls = {
          read: () =>
            backend.read(
              writes.map(({ id }) => id),
              context,
            ),
          write: () =>
            backend.write(
              writes.map((write) => newUpdate(write)),
              context,
            ),
          touch: () =>
            backend.touch(
              writes.map(({ id, revision }) => ({ id, revision, expiry: later })),
              context,
            ),
          remove: () =>
            backend.remove(
              writes.map(({ id }) => ({ id, grace: 0 })),
              context,
            ),
        };
        const served = { read: 'record', write: 'written', touch: 'touched', remove: 'removed' }[primitive];
        const statuses = (
          (await calls[primitive]()) as readonly ({ status?: string } | SessionRecord | undefined)[]
        ).map((answer) => (answer === undefined ? 'absent' : 'status' in answer ? answer.status : 'record'));
        expectEqual(`called ${primitive} with a bad item in the middle`, statuses, [served, 'error', served]);
      },
    }),
  ),
  {
    id: 'call/optional-primitives',
    title: 'the backend has the optional primitives that its subject does not leave out, and no others',
    async run({ backend, subject }) {
      const missing = (['count', 'clear', 'prune'] as const).filter((name) => backend[name] === undefined);
      expectEqual('looked for count, clear and prune: missing', missing, [...(subject.without ?? [])]);
    },
  },
  {
    id: 'call/transience-of-anything',
    title: 'isTransient answers true or false to whatever it is asked, and false to a bug',
    async run({ backend }) {
      for (const thrown of [undefined, null, '', 0, {}, Object.create(null), new Error('x'), { code: {} }]) {
        const answer = await rejection((async () => typeof backend.isTransient(thrown))());
        expectEqual(`asked isTransient of ${inspect(thrown)}`, answer, { resolvedTo: 'boolean' });
      }
      expectEqual(
        'isTransient of a TypeError',
        backend.isTransient(new TypeError('x is not a function')),
        false,
      );
    },
  },
  {
    id: 'call/close-at-any-time',
    title: 'close works on a backend that was never opened, and twice',
    async run(trial) {
      const never = await trial.createClosedBackend();
      await never.close();
      await trial.backend.close();
      await trial.backend.close();
    },
  },
];
