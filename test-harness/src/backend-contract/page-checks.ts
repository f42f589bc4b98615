import type { CallContext, RecordWrite, SessionBackend, SessionRecord } from '@session-stores/core';
import { expectEqual, expectThat } from '../suite/expectations.js';
import type { BackendCheck, BackendTrial } from './backend-check.js';
import { expectRecord, newInsert, SingleItems } from './single-items.js';
import { wait } from './time.js';

/** By id; a record may appear more than once. */
async function scanned(backend: SessionBackend, context: CallContext): Promise<Map<string, SessionRecord>> {
  const found = new Map<string, SessionRecord>();
  for await (const page of backend.scan(context)) {
    for (const record of page) found.set(record.id, record);
  }
  return found;
}

async function fill(
  trial: BackendTrial,
  count: number,
  expiry: RecordWrite['expiry'],
): Promise<RecordWrite[]> {
  const writes = Array.from({ length: count }, (_, index) => newInsert(`${expiry.in}-${index}`, { expiry }));
  for (let index = 0; index < count; index += 500) {
    const answers = await trial.backend.write(writes.slice(index, index + 500), trial.context);
    expectEqual(
      'wrote them: not written',
      answers.filter(({ status }) => status !== 'written'),
      [],
    );
  }
  return writes;
}

const long = { in: 50_000, exact: true };
const brief = { in: 1, exact: true };

export const pageChecks: readonly BackendCheck[] = [
  {
    id: 'scan/all-live',
    title: 'a scan brings every live record of 1,200, none that has expired, was removed or is a grave',
    async run(trial) {
      const { backend, context } = trial;
      const live = await fill(trial, 1_200, long);
      await fill(trial, 20, brief);
      const [removed] = live.splice(7, 1) as [RecordWrite];
      await backend.remove([{ id: removed.id, birth: removed.birth, grace: 10_000 }], context);
      await wait(10); // The brief ones live for 1 ms.
      const found = await scanned(backend, context);
      expectEqual('scanned: number of records', found.size, live.length);
      for (const write of live) expectRecord('scanned', found.get(write.id), write);
    },
  },
  {
    id: 'scan/nothing',
    title: 'a scan of an empty storage brings no records',
    async run({ backend, context }) {
      expectEqual('scanned', (await scanned(backend, context)).size, 0);
    },
  },
  {
    id: 'scan/holds-nothing-open',
    title: 'between two pages everything works, and what is live from first to last appears all the same',
    async run(trial) {
      const { backend, context } = trial;
      const live = await fill(trial, 1_200, long);
      const items = new SingleItems(trial);
      const found = new Set<string>();
      const removed = new Set<string>();
      let pages = 0;
      for await (const page of backend.scan(context)) {
        pages++;
        for (const { id } of page) found.add(id);
        await items.written(newInsert(`new-${pages}`));
        const victim = live[pages * 3]?.id ?? '';
        await items.remove(victim);
        removed.add(victim);
      }
      const missing = live.filter(({ id }) => !found.has(id) && !removed.has(id));
      expectEqual('scanned while writing and removing: missing', missing, []);
      expectThat(pages > 1, 'scanned 1,200 records: number of pages', 'more than one', pages);
    },
  },
  {
    id: 'scan/left-early',
    title: 'a scan that is left after its first page leaves nothing behind that keeps others waiting',
    async run(trial) {
      const { backend, context } = trial;
      await fill(trial, 600, long);
      for await (const page of backend.scan(context)) {
        expectThat(page.length > 0, 'scanned the first page', 'some records', page.length);
        break;
      }
      await new SingleItems(trial).written(newInsert('after'));
      await fill(trial, 10, { in: 40_000, exact: true });
    },
  },
  {
    id: 'scan/aborted',
    title: 'a scan ends with a rejection when its signal aborts',
    async run(trial) {
      const { backend } = trial;
      await fill(trial, 1_200, long);
      const controller = new AbortController();
      const scan = (async () => {
        let pages = 0;
        for await (const _ of backend.scan({ signal: controller.signal })) {
          if (++pages === 1) controller.abort(new Error('the time is up'));
        }
        return pages;
      })();
      const outcome = await scan.then(
        (pages) => `all ${pages} pages`,
        () => 'rejected',
      );
      expectEqual('aborted after the first page', outcome, 'rejected');
    },
  },
  {
    id: 'count/live-only',
    title: 'count counts what is live: nothing that has expired, no grave, nothing of another storage',
    needs: ['count'],
    async run(trial) {
      const { backend, context } = trial;
      const count = async () => backend.count?.(context);
      expectEqual('counted an empty storage', await count(), 0);
      await new SingleItems(trial, await trial.createForeignBackend()).written(newInsert('a'));
      await fill(trial, 30, long);
      await fill(trial, 20, brief);
      await backend.remove([{ id: '50000-3', grace: 10_000 }], context);
      await wait(10); // The brief ones live for 1 ms.
      expectEqual('counted 30 live, 20 expired, one of the live removed', await count(), 29);
    },
  },
  {
    id: 'clear/own-only',
    title: 'clear removes every record of this storage, none of another, and leaves their graves',
    needs: ['clear'],
    async run(trial) {
      const { backend, context } = trial;
      const foreign = new SingleItems(trial, await trial.createForeignBackend());
      const theirs = await foreign.written(newInsert('50000-0'));
      const [first] = (await fill(trial, 1_200, long)) as [RecordWrite];
      await backend.clear?.({ ...context, grace: 10_000 });
      expectEqual('cleared, then scanned', (await scanned(backend, context)).size, 0);
      const items = new SingleItems(trial);
      expectEqual('inserted a cleared birth', await items.write(first), { status: 'gone' });
      await items.written(newInsert(first.id));
      await foreign.expectStored('cleared the first storage', theirs);
    },
  },
  {
    id: 'clear/without-graves',
    title: 'clear with a grace of 0 leaves no graves, and none of before are lost',
    needs: ['clear'],
    async run(trial) {
      const { backend, context } = trial;
      const items = new SingleItems(trial);
      const dead = await items.written(newInsert('dead'));
      await items.remove('dead', dead.birth, 10_000);
      const live = await items.written(newInsert('live'));
      await backend.clear?.({ ...context, grace: 0 });
      await items.expectAbsent('cleared', 'live');
      await items.written(live);
      expectEqual('inserted what was removed before', await items.write(dead), { status: 'gone' });
    },
  },
  {
    id: 'prune/expired-only',
    title:
      'prune deletes what has expired, at most so many at a time, says how many, and touches nothing live',
    needs: ['prune'],
    async run(trial) {
      const { backend, context } = trial;
      const live = await fill(trial, 10, long);
      await fill(trial, 25, brief);
      await wait(10); // The brief ones live for 1 ms.
      const pruned: (number | undefined)[] = [];
      for (let round = 0; round < 4; round++) pruned.push(await backend.prune?.(10, context));
      expectEqual('pruned by tens', pruned, [10, 10, 5, 0]);
      expectEqual('pruned, then scanned', (await scanned(backend, context)).size, live.length);
    },
  },
  {
    id: 'prune/keeps-graves',
    title: 'prune leaves a grave for its grace',
    needs: ['prune'],
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      await items.remove('a', insert.birth, 10_000);
      await trial.backend.prune?.(100, trial.context);
      expectEqual('inserted the removed birth', await items.write(insert), { status: 'gone' });
    },
  },
];
