import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '@session-stores/memory';
import session, { type Store } from 'express-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { judge } from '../../src/histories/judge.js';
import { MachineClock } from '../../src/histories/recording/clock.js';
import { joined } from '../../src/histories/recording/join.js';
import {
  type Entry,
  FileLog,
  type HistoryLog,
  MemoryLog,
  readLog,
} from '../../src/histories/recording/log.js';
import { Recorder, type RecorderOptions } from '../../src/histories/recording/recorder.js';
import type { Operation } from '../../src/model/operation.js';

function recorderOf(
  store: Store,
  options: Partial<RecorderOptions> & { readonly log: HistoryLog },
): Recorder {
  return new Recorder(store, {
    name: 'p',
    clock: new MachineClock(),
    sessionName: (id) => `named ${id}`,
    ...options,
  });
}

/** What was called and answered, without times. */
function told(entries: readonly Entry[]): unknown[] {
  return joined(entries).map(({ client, session: named, action, answer }) => {
    const {
      deadline: _,
      begins: __,
      ...rest
    } = action as Operation['action'] & {
      deadline?: unknown;
      begins?: unknown;
    };
    return [client, named, rest, answer];
  });
}

describe('a recorded history', () => {
  it('tells what was called, with what had changed, and what was answered', async () => {
    const log = new MemoryLog();
    const recorder = recorderOf(new MemoryStore(), { log });
    const [ada, eve] = [recorder.client('ada'), recorder.client('eve')];
    const made = ada.make('1', { user: 'ada', flash: 'hi' });
    await ada.save(made);
    const loaded = await eve.load('1');
    if (loaded === undefined) throw new Error('there is no session');
    Object.assign(loaded.session, { cart: ['tea'], flash: undefined });
    await eve.save(loaded);
    await ada.update('1', (found) => ({ ...found, count: 1 }));
    await eve.touch(loaded);
    await ada.replace('1', { user: 'eve' });
    await ada.destroy('1');
    await ada.look('1');
    await ada.clear();
    const before = { user: '"ada"', cart: '["tea"]' };
    const after = { ...before, count: '1' };
    expect(told(log.entries)).toEqual([
      ['ada', 'named 1', { type: 'save', by: 'p/1', changes: [{ user: '"ada"', flash: '"hi"' }] }, 'done'],
      ['eve', 'named 1', { type: 'get', as: 'p/2' }, { session: { user: '"ada"', flash: '"hi"' } }],
      ['eve', 'named 1', { type: 'save', by: 'p/2', changes: [{ cart: '["tea"]', flash: null }] }, 'done'],
      ['ada', 'named 1', { type: 'update', runs: [{ found: before, made: after }] }, { session: after }],
      ['eve', 'named 1', { type: 'touch', by: 'p/2' }, 'done'],
      ['ada', 'named 1', { type: 'replace', data: { user: '"eve"' } }, 'done'],
      ['ada', 'named 1', { type: 'destroy' }, 'done'],
      ['ada', 'named 1', { type: 'get', as: undefined }, { session: undefined }],
      ['ada', undefined, { type: 'destroy' }, 'done'],
    ]);
    expect(judge(joined(log.entries)).verdict).toBe('right');
  });

  it('tells all that a save may have changed where nobody knows what became of one before it', async () => {
    const log = new MemoryLog();
    const store = new MemoryStore();
    const client = recorderOf(store, { log }).client('ada');
    const held = client.make('1', { user: 'ada' });
    await client.save(held);
    const { set } = store;
    store.set = async (_id, _session, callback) => callback?.(new Error('out of order'));
    Object.assign(held.session, { a: 1 });
    await client.save(held);
    store.set = set;
    Object.assign(held.session, { b: 2 });
    await client.save(held);
    Object.assign(held.session, { c: 3 });
    await client.save(held);
    const saves = joined(log.entries);
    expect(saves.map(({ action }) => 'changes' in action && action.changes)).toEqual([
      [{ user: '"ada"' }],
      [{ a: '1' }],
      [{ a: '1', b: '2' }, { b: '2' }],
      [{ c: '3' }],
    ]);
    expect(saves.map(({ answer }) => answer)).toEqual(['done', 'unknown', 'done', 'done']);
  });

  it('knows no answer where a store fails, throws, never calls back, or does so twice', async () => {
    const log = new MemoryLog();
    class Broken extends session.MemoryStore {
      override get = (id: string, callback: (error?: unknown, session?: null) => void): void => {
        if (id === 'fails') callback(new Error('no'));
        if (id === 'throws') throw new Error('no');
        if (id === 'absent') callback(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
        if (id !== 'twice') return;
        callback(null, null);
        callback(new Error('no'));
      };
    }
    const client = recorderOf(new Broken(), { log, patience: 30 }).client('ada');
    for (const id of ['fails', 'throws', 'never', 'twice', 'absent']) await client.load(id);
    const history = joined(log.entries);
    expect(history.map(({ answer }) => answer)).toEqual([
      'unknown',
      'unknown',
      'unknown',
      { session: undefined },
      { session: undefined },
    ]);
    for (const { called, failed, returned } of history.slice(0, 3)) {
      expect(failed).toBeGreaterThanOrEqual(called);
      expect(returned).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('has deadlines on its clock', async () => {
    const log = new MemoryLog();
    const clock = new MachineClock();
    const recorder = recorderOf(new MemoryStore(), { log, clock, lifetime: () => 5_000 });
    const client = recorder.client('ada');
    const before = clock.now;
    await client.save(client.make('1', {}));
    const [{ action } = {}] = joined(log.entries);
    const at = action?.type === 'save' ? action.deadline.at : 0;
    expect(at).toBeGreaterThan(before + 5_000 - 2);
    expect(at).toBeLessThan(clock.now + 5_000 + 2);
  });
});

describe('a recorded history in files', () => {
  it('is joined from those of several processes, the cut line of one that died left out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'recorder-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const clock = new MachineClock();
    const store = new MemoryStore();
    const paths = ['p', 'q'].map((name) => join(folder, `${name}.jsonl`));
    const logs = paths.map((path) => new FileLog(path));
    const clients = logs.map((log, index) =>
      // Another process has a clock of its own on the same origin.
      recorderOf(store, { name: 'pq'[index] as string, log, clock: new MachineClock(clock.origin) }).client(
        `c${index}`,
      ),
    );
    const [ada, eve] = clients as [(typeof clients)[0], (typeof clients)[0]];
    await ada.save(ada.make('1', { at: 1 }));
    const held = await eve.load('1');
    if (held === undefined) throw new Error('there is no session');
    Object.assign(held.session, { at: undefined, cookie: held.session.cookie });
    held.session.cookie.expires = null;
    await eve.save(held);
    await ada.look('1');
    for (const log of logs) log.close();
    await appendFile(paths[0] as string, '{"entry":"call","call":"p#3","se');
    const history = joined((await Promise.all(paths.map(readLog))).flat());
    expect(history.map(({ store: name, action }) => [name, action.type])).toEqual([
      ['p', 'save'],
      ['q', 'get'],
      ['q', 'save'],
      ['p', 'get'],
    ]);
    const [, , saved] = history;
    expect(saved?.action).toMatchObject({
      changes: [{ at: null }],
      deadline: { at: Number.POSITIVE_INFINITY },
    });
    expect(judge(history).verdict).toBe('right');
    await appendFile(paths[0] as string, '\n');
    await expect(readLog(paths[0] as string)).rejects.toThrow(
      /^line 5 of .*p\.jsonl is no entry of a history/,
    );
  });
});
