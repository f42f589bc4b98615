import type fs from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Journal } from '../src/journal.js';
import { entryLine } from '../src/journal-lines.js';
import { entriesAt, newPath, replaceInFs } from './journal-disk.js';

describe('a journal on a disk that does not answer', () => {
  const limit = 50;

  /** `answer`: what was asked so far is done, and resolves when it was told; what is asked then is done at once. */
  function silentDisk() {
    const held: (() => Promise<void>)[] = [];
    let isSilent = true;
    replaceInFs('fdatasync', (real) => (fd: number, done: fs.NoParamCallback) => {
      if (!isSilent) {
        real(fd, done);
        return;
      }
      held.push(
        () =>
          new Promise((resolve) => {
            real(fd, (error) => {
              done(error);
              setImmediate(resolve);
            });
          }),
      );
    });
    const answer = async (): Promise<void> => {
      isSilent = false;
      await Promise.all(held.splice(0).map((go) => go()));
    };
    return { held, answer };
  }

  function journalAt(path: string, timeLimit = limit): Journal {
    const journal = new Journal(path, timeLimit);
    onTestFinished(() => journal.close());
    return journal;
  }

  it('keeps nothing for it of what is confirmed meanwhile', async () => {
    const journal = journalAt(newPath());
    const { held, answer } = silentDisk();
    const stuck = journal.begin('stuck', 'b', 1, 1);
    await expect.poll(() => held.length).toBe(1);
    await expect(stuck).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    const ids = Array.from({ length: 500 }, (_, number) => `id-${number}`);
    const begun = await Promise.allSettled(ids.map((id) => journal.begin(id, 'b', 1, 1)));
    expect(begun.every(({ status }) => status === 'rejected')).toBe(true);
    for (const id of ids) journal.end(id);
    let written = '';
    replaceInFs('write', (real) => (...values: unknown[]) => {
      written += values[1];
      return (real as (...all: unknown[]) => void)(...values);
    });
    await answer();
    await journal.close();
    expect(written).toBe(entryLine({ number: 1, id: 'stuck', birth: 'b', begun: 1, grace: 1 }));
  });

  it('has everything that is open when it answers, though nobody begins anything then', async () => {
    const path = newPath();
    const journal = journalAt(path);
    const { held, answer } = silentDisk();
    const first = journal.begin('first', undefined, 1, 1);
    await expect.poll(() => held.length).toBe(1);
    const second = journal.begin('second', 'b', 1, 1);
    const late = [first, second].map((begun) => expect(begun).rejects.toThrow('within 50 ms'));
    await Promise.all(late);
    expect(entriesAt(path).map(({ id }) => id)).toEqual(['first']);
    await answer();
    await expect.poll(() => entriesAt(path).map(({ id }) => id)).toEqual(['first', 'second']);
  });

  it('confirms what began last when it answers, beside what was given up', async () => {
    const path = newPath();
    const journal = journalAt(path, 800);
    const { held, answer } = silentDisk();
    const first = journal.begin('first', 'b', 1, 1);
    await expect.poll(() => held.length).toBe(1);
    // So that the time of the first is up and that of the second is not.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const second = journal.begin('second', 'b', 1, 1);
    await expect(first).rejects.toThrow('within 800 ms');
    await answer();
    await second;
    expect(entriesAt(path).map(({ id }) => id)).toEqual(['first', 'second']);
  });

  it('is left alone when it answers after the close, because the next process may have it', async () => {
    const path = newPath();
    const journal = new Journal(path, limit);
    const { held, answer } = silentDisk();
    const begun = journal.begin('first', 'b', 1, 1);
    await expect.poll(() => held.length).toBe(1);
    await expect(begun).rejects.toThrow('within 50 ms');
    await journal.close();
    journalAt(path);
    const touched: unknown[] = [];
    replaceInFs('open', (real) => (...values: unknown[]) => {
      touched.push(values[0]);
      return (real as (...all: unknown[]) => void)(...values);
    });
    await answer();
    expect(touched).toEqual([]);
  });
});

describe('a journal on a disk that is full for a while', () => {
  async function filled() {
    const path = newPath();
    const journal = new Journal(path, 2_000);
    onTestFinished(() => journal.close());
    let isFull = true;
    replaceInFs('write', (real) => (...values: unknown[]) => {
      if (!isFull) return (real as (...all: unknown[]) => void)(...values);
      const done = values.at(-1) as (error: Error) => void;
      setImmediate(done, Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
      return undefined;
    });
    await expect(journal.begin('a', 'b', 1, 1)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    isFull = false;
    return { path, journal };
  }

  it('has what is open when there is room again, though nobody begins anything then', async () => {
    const { path } = await filled();
    await expect.poll(() => entriesAt(path).map(({ id }) => id)).toEqual(['a']);
  });

  it('has it when it is closed, at the latest', async () => {
    const { path, journal } = await filled();
    await journal.close();
    expect(entriesAt(path).map(({ id }) => id)).toEqual(['a']);
  });
});
