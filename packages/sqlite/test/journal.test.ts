import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RetryingSqliteStore, SqliteStore } from '@session-stores/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { messageOf, spawnProgram } from './other-process.js';
import { newFolder } from './setup.js';

/** Saves the session `a`, destroys it, and tells when it has come to a step, at which it stays. */
const program = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const [step, path, journal] = process.argv.slice(1);
  const stop = () => {
    setInterval(() => {}, 1000); // It has to be killed.
    process.send('stopped');
    return new Promise(() => {});
  };
  const replace = (name, by) => {
    const real = fs[name];
    fs[name] = (...values) => by(real, ...values);
    syncBuiltinESMExports();
  };
  const { SessionStore } = await import('@session-stores/core');
  const { SqliteBackend } = await import('@session-stores/sqlite');
  const backend = new SqliteBackend({ path });
  const remove = backend.remove.bind(backend);
  const fails = step.includes('compaction');
  backend.remove = async (removals, context) => {
    if (fails && removals.some(({ id }) => id === 'a')) {
      return removals.map(() => ({ status: 'error', error: new Error('not now') }));
    }
    if (step === 'after the fsync and before the send') return stop();
    const answers = await remove(removals, context);
    return step === 'after the send and before the answer' ? stop() : answers;
  };
  // Nothing may happen at a step but the step: its time limits are far away.
  const retry = { attemptTimeout: 60_000 };
  const store = new SessionStore(backend, { retry, operationTimeout: 60_000, journal });
  await store.set('a', { cookie: {}, user: 'ann' });
  if (step === 'before anything is written') {
    replace('write', (real, fd, text, ...rest) => text.startsWith('ssj1') ? stop() : real(fd, text, ...rest));
  } else if (step === 'after the write and before the fsync') {
    replace('fdatasync', stop);
  } else if (step === 'after the answer and before the strike-out') {
    replace('write', (real, fd, text, ...rest) => text.includes('"done"') ? stop() : real(fd, text, ...rest));
  } else if (step === 'in the middle of writing a compaction') {
    let half;
    replace('open', (real, file, ...rest) => {
      const done = rest.pop();
      real(file, ...rest, (error, fd) => {
        if (file === journal + '.new') half = fd;
        done(error, fd);
      });
    });
    replace('write', (real, fd, text, ...rest) => {
      const done = rest.pop();
      if (fd === half) real(fd, text.slice(0, text.length / 2), ...rest, stop);
      else real(fd, text, ...rest, done);
    });
  } else if (step === 'before a compaction takes the place of the journal') {
    replace('rename', stop);
  } else if (step === 'after a compaction took the place of the journal') {
    replace('rename', (real, from, to) => real(from, to, stop));
  } else if (step === 'when it has the journal') {
    await stop();
  }
  await store.destroy('a').catch(() => {});
  for (let filler = 0; fails; filler++) await store.destroy(String(filler).padStart(1000, 'x'));
`;

/** What stood in the way of a destroy when its process was killed. */
async function killedAt(step: string) {
  const folder = newFolder();
  const path = join(folder, 'sessions.db');
  const journal = join(folder, 'journal');
  const child = spawnProgram(program, [step, path, journal]);
  onTestFinished(() => kill(child));
  await messageOf(child);
  await kill(child);
  expect(child.signalCode).toBe('SIGKILL');
  return { path, journal };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

async function userOf(path: string): Promise<unknown> {
  const store = new SqliteStore({ path });
  try {
    return ((await store.get('a')) as { user?: unknown } | undefined)?.user;
  } finally {
    await store.close();
  }
}

describe('a process that is killed while it destroys a session', () => {
  const steps: [step: string, userBefore: string | undefined][] = [
    ['after the write and before the fsync', 'ann'],
    ['after the fsync and before the send', 'ann'],
    ['after the send and before the answer', undefined],
    ['after the answer and before the strike-out', undefined],
    ['in the middle of writing a compaction', 'ann'],
    ['before a compaction takes the place of the journal', 'ann'],
    ['after a compaction took the place of the journal', 'ann'],
  ];
  it.for(steps)('%s: the next one finishes it, and has nothing left to do', async ([step, userBefore]) => {
    const { path, journal } = await killedAt(step);
    expect(await userOf(path)).toBe(userBefore);
    expect(readFileSync(journal, 'utf8')).toContain('"id":"a"');
    const next = new RetryingSqliteStore({ path, journal });
    expect(await next.get('a')).toBeUndefined();
    expect(await next.close()).toEqual({ unfinishedDeletions: [] });
    expect(await userOf(path)).toBeUndefined();
    // What opens it now writes down what it found.
    await new RetryingSqliteStore({ path, journal }).close();
    expect(readFileSync(journal, 'utf8')).toBe('');
  });

  it('before anything is written: nothing was sent, nobody was told, and the session is whole', async () => {
    const { path, journal } = await killedAt('before anything is written');
    expect(readFileSync(journal, 'utf8')).toBe('');
    const next = new RetryingSqliteStore({ path, journal });
    expect(await next.get('a')).toMatchObject({ user: 'ann' });
    await next.close();
  });

  it('takes no session with it that was given the id before the next one opens the journal', async () => {
    const { path, journal } = await killedAt('after the send and before the answer');
    const another = new SqliteStore({ path });
    await another.set('a', { cookie: {}, user: 'bob' } as never);
    await another.close();
    const next = new RetryingSqliteStore({ path, journal });
    expect(await next.close()).toEqual({ unfinishedDeletions: [] });
    expect(await userOf(path)).toBe('bob');
  });
});

describe('two processes on one journal', () => {
  it('are told apart, and the death of the one frees it for the other at once', async () => {
    const folder = newFolder();
    const path = join(folder, 'sessions.db');
    const journal = join(folder, 'journal');
    const child = spawnProgram(program, ['when it has the journal', path, journal]);
    onTestFinished(() => kill(child));
    await messageOf(child);
    const before = readFileSync(journal);
    expect(() => new RetryingSqliteStore({ path, journal })).toThrow(
      expect.objectContaining({ name: 'JournalError', code: 'JOURNAL_IN_USE' }),
    );
    expect(readFileSync(journal)).toEqual(before);
    await kill(child);
    expect(child.signalCode).toBe('SIGKILL');
    await new RetryingSqliteStore({ path, journal }).close();
  });
});
