import {
  type CallContext,
  type ChangeListener,
  recordName,
  type SessionBackend,
  type Watch,
} from '@session-stores/core';
import { expectEqual, expectThat } from '../suite/expectations.js';
import type { BackendCheck, BackendTrial } from './backend-check.js';
import { later, newInsert, newUpdate, SingleItems } from './single-items.js';
import { wait } from './time.js';

/** Ms; many times what any channel needs to say that it is up, or that all was told. */
const patience = 10_000;
/** Ms; long for a channel that tells what it hears at once. */
const quiet = 100;

/** One who watches, and what was heard. */
class Ear implements ChangeListener {
  readonly names: string[] = [];
  readonly sources: (string | undefined)[] = [];
  losses = 0;
  told = Number.NEGATIVE_INFINITY;
  readonly #heard = new Set<string>();

  static async on(trial: BackendTrial, backend = trial.backend): Promise<[Ear, Watch]> {
    const ear = new Ear();
    const watch = await backend.watch?.(ear, { ...trial.context, onError() {} });
    if (watch === undefined) throw new Error('the backend has no watch, and is declared to have one');
    await ear.until(watch, performance.now(), 'watched');
    return [ear, watch];
  }

  changed(names: readonly string[], by?: string): void {
    for (const name of names) {
      this.names.push(name);
      this.sources.push(by);
      this.#heard.add(name);
    }
  }

  toldUntil(moment: number): void {
    this.told = Math.max(this.told, moment);
  }

  lost(): void {
    this.losses++;
    this.told = Number.NEGATIVE_INFINITY;
  }

  forget(): void {
    this.losses = 0;
    this.#heard.clear();
  }

  /** Whether whoever had kept the record would not show it any more. */
  knows(id: string): boolean {
    return this.losses > 0 || this.#heard.has(recordName(id));
  }

  async until(watch: Watch, moment: number, did: string): Promise<void> {
    const start = performance.now();
    while (this.told < moment) {
      expectThat(performance.now() - start < patience, did, `toldUntil within ${patience} ms`, 'nothing');
      watch.catchUp?.();
      if (this.told < moment) await wait(1);
    }
  }
}

/** Another backend of the same storage, whose changes are announced. */
async function another(trial: BackendTrial): Promise<[SessionBackend, SingleItems]> {
  const backend = await trial.createBackend();
  const context = announced(trial);
  return [backend, new SingleItems({ ...trial, context }, backend)];
}

function announced({ context }: BackendTrial): CallContext {
  return { ...context, announceAs: 'another' };
}

export const watchChecks: readonly BackendCheck[] = [
  {
    id: 'watch/tells-what-others-change',
    title: 'who watches is told of every record that another backend updates, touches or removes',
    needs: ['watch', 'shared'],
    async run(trial) {
      const [, others] = await another(trial);
      const insert = await others.written(newInsert('a'));
      const b = await others.written(newInsert('b'));
      const c = await others.written(newInsert('c'));
      const [ear, watch] = await Ear.on(trial);
      const expectTold = async (did: string, id: string): Promise<void> => {
        await ear.until(watch, performance.now(), did);
        expectEqual(`${did}: told, once all was told until then`, ear.knows(id), true);
        ear.forget();
      };
      ear.forget();
      await others.written(newUpdate(insert));
      await expectTold('updated', 'a');
      await others.touch('b', b.revision, { ...later, in: 2 * later.in });
      await expectTold('touched', 'b');
      await others.remove('c', c.birth, 5_000);
      await expectTold('removed', 'c');
      await others.remove('b');
      await expectTold('removed whatever is there', 'b');
      await watch.stop();
    },
  },
  {
    id: 'watch/tells-of-many',
    title: 'a call that changes many records tells of each of them',
    needs: ['watch', 'shared'],
    async run(trial) {
      const [backend] = await another(trial);
      const inserts = Array.from({ length: 300 }, (_, index) => newInsert(`many ${index}`));
      await backend.write(inserts, trial.context);
      const updates = inserts.map((insert) => newUpdate(insert));
      const expiry = { ...later, in: 2 * later.in };
      const [ear, watch] = await Ear.on(trial);
      for (const [did, change] of [
        ['updated', () => backend.write(updates, announced(trial))],
        [
          'touched',
          () =>
            backend.touch(
              updates.map(({ id, revision }) => ({ id, revision, expiry })),
              announced(trial),
            ),
        ],
        [
          'removed',
          () =>
            backend.remove(
              updates.map(({ id }) => ({ id, grace: 0 })),
              announced(trial),
            ),
        ],
      ] as const) {
        ear.forget();
        await change();
        await ear.until(watch, performance.now(), `${did} 300`);
        const untold = updates.filter(({ id }) => !ear.knows(id));
        expectEqual(`${did} 300: not told`, untold, []);
      }
      await watch.stop();
    },
  },
  {
    id: 'watch/tells-before-it-vouches',
    title: 'toldUntil never names a moment before which a change was answered that is not told yet',
    needs: ['watch', 'shared'],
    async run(trial) {
      const [, others] = await another(trial);
      const inserts = Array.from({ length: 40 }, (_, index) => newInsert(`a${index}`));
      for (const insert of inserts) await others.written(insert);
      const [ear, watch] = await Ear.on(trial);
      ear.forget();
      const answeredAt = new Map<string, number>();
      for (const { id, birth } of inserts) {
        await others.remove(id, birth, 5_000);
        answeredAt.set(id, performance.now());
        watch.catchUp?.();
        for (const [removed, moment] of answeredAt) {
          const isDue = ear.told > moment && !ear.knows(removed);
          expectThat(!isDue, `removed ${removed}`, 'told before toldUntil', 'toldUntil without it');
        }
      }
      await ear.until(watch, performance.now(), 'removed all');
      expectEqual(
        'removed 40, one by one: not told',
        inserts.map(({ id }) => id).filter((id) => !ear.knows(id)),
        [],
      );
      await watch.stop();
    },
  },
  {
    id: 'watch/tells-of-a-clear',
    title: 'who watches is told when another backend clears the storage',
    needs: ['watch', 'shared', 'clear'],
    async run(trial) {
      const [backend, others] = await another(trial);
      await others.written(newInsert('a'));
      const [ear, watch] = await Ear.on(trial);
      ear.forget();
      await backend.clear?.({ ...announced(trial), grace: 0 });
      await ear.until(watch, performance.now(), 'cleared');
      expectEqual('cleared: told', ear.knows('a'), true);
      await watch.stop();
    },
  },
  {
    id: 'watch/names-no-id',
    title: 'records are told by their recordName, with the source that the call had, and by nothing else',
    needs: ['watch', 'shared'],
    async run(trial) {
      const [, others] = await another(trial);
      const insert = await others.written(newInsert('an id'));
      const [ear, watch] = await Ear.on(trial);
      await others.remove('an id', insert.birth, 5_000);
      await ear.until(watch, performance.now(), 'removed');
      const isNamed = ear.names.every((name) => name === recordName('an id'));
      expectThat(isNamed, 'removed', 'recordName(id) and no other name', ear.names);
      const isSource = ear.sources.every((by) => by === undefined || by === 'another');
      expectThat(isSource, 'removed', 'the announceAs of the call', ear.sources);
      await watch.stop();
    },
  },
  {
    id: 'watch/quiet-while-nothing-changes',
    title: 'while nothing changes, nothing is told but that nothing was',
    needs: ['watch', 'shared'],
    async run(trial) {
      const items = new SingleItems(trial);
      const insert = await items.written(newInsert('a'));
      const [ear, watch] = await Ear.on(trial);
      ear.forget();
      for (const start = performance.now(); performance.now() - start < quiet; ) {
        watch.catchUp?.();
        await items.expectStored('wrote', insert);
      }
      expectEqual('read: told of changes', ear.knows('a'), false);
      await watch.stop();
    },
  },
  {
    id: 'watch/ends',
    title: 'after stop nothing is told any more',
    needs: ['watch', 'shared'],
    async run(trial) {
      const [, others] = await another(trial);
      const insert = await others.written(newInsert('a'));
      const [ear, watch] = await Ear.on(trial);
      const [other, otherWatch] = await Ear.on(trial, await trial.createBackend());
      await watch.stop();
      ear.forget();
      const { told } = ear;
      await others.remove('a', insert.birth, 5_000);
      // When another one knows it, this one would.
      await other.until(otherWatch, performance.now(), 'removed');
      expectEqual('stopped, then removed: told', [ear.knows('a'), ear.told], [false, told]);
      await otherWatch.stop();
    },
  },
];
