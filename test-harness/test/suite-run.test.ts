import { existsSync } from 'node:fs';
import {
  type Check,
  CheckFailure,
  type CheckResult,
  checkSessionStore,
  checks,
  NotApplicable,
  type Subject,
  type Surroundings,
  subjectFrom,
  type Trial,
} from '@session-stores/test-harness';
import { MemoryStore } from 'express-session';
import { describe, expect, it } from 'vitest';

function check(run: (trial: Trial) => Promise<void>, more: Partial<Check> = {}): Check {
  return { id: 'data/made-up', title: 'made up', area: 'data', level: 'promise', needs: [], run, ...more };
}

async function results(made: readonly Check[], subject: Subject = subjectFrom(() => new MemoryStore())) {
  const all: CheckResult[] = [];
  for await (const result of checkSessionStore(subject, { checks: made })) all.push(result);
  return all;
}

async function resultOf(run: (trial: Trial) => Promise<void>, more: Partial<Check> = {}, subject?: Subject) {
  const [result] = await results([check(run, more)], subject);
  return result;
}

describe('the list of checks', () => {
  it('has no id twice, and each is named after its area', () => {
    expect(new Set(checks.map((one) => one.id)).size).toBe(checks.length);
    for (const one of checks) expect(one.id.startsWith(`${one.area}/`)).toBe(true);
  });

  it('has no title twice', () => {
    expect(new Set(checks.map((one) => one.title)).size).toBe(checks.length);
  });
});

describe('one check', () => {
  it('passes when it resolves', async () => {
    expect(await resultOf(async () => {})).toMatchObject({ outcome: 'passed', reason: undefined });
  });

  it('fails with what was done, expected and came', async () => {
    const result = await resultOf(async () => {
      throw new CheckFailure('a thing', 'this', 'that');
    });
    expect(result).toMatchObject({ outcome: 'failed', reason: 'Did: a thing\nExpected: this\nCame: that' });
  });

  it('fails when it is still waiting at the end of its time', async () => {
    const result = await resultOf(() => new Promise(() => {}), { timeout: 50 });
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('within 50 ms') });
  });

  it.each([
    [
      'an exception that nobody catches',
      () =>
        setImmediate(() => {
          throw new Error('at large');
        }),
    ],
    ['a rejection that nobody handles', () => void Promise.reject(new Error('at large'))],
  ])('fails on %s', async (_name, let_go) => {
    const result = await resultOf(async () => {
      let_go();
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    expect(result?.outcome).toBe('failed');
    expect(result?.reason).toMatch(/the process would have died of: Error: at large/);
  });

  it('fails on what goes uncaught in its last turn, and in the close of a store', async () => {
    const last = await resultOf(async () => void Promise.reject(new Error('at the end')));
    expect(last?.reason).toMatch(/died of: Error: at the end/);
    const close = () => void Promise.reject(new Error('while closing'));
    const subject = { name: 'bad at closing', create: () => new MemoryStore(), close };
    const closing = await resultOf(async (trial) => void (await trial.createStore()), {}, subject);
    expect(closing?.reason).toMatch(/died of: Error: while closing/);
  });

  it('leaves the listeners of the process as they were', async () => {
    const listeners = () =>
      ['uncaughtException', 'unhandledRejection'].map((event) => process.listeners(event as 'exit'));
    const before = listeners();
    await resultOf(async () => expect(listeners()).not.toEqual(before));
    expect(listeners()).toEqual(before);
  });

  it('does not apply where the subject or the store lacks what it needs, and says what', async () => {
    const undeclared = await resultOf(async () => {}, { needs: ['network'] });
    expect(undeclared).toMatchObject({
      outcome: 'not applicable',
      reason: expect.stringContaining('supports.network'),
    });
    const lacking = await resultOf(async () => {}, { needs: ['destroyMany'] });
    expect(lacking).toMatchObject({
      outcome: 'not applicable',
      reason: expect.stringContaining('destroyMany'),
    });
    const found = await resultOf(async () => {
      throw new NotApplicable('a reason');
    });
    expect(found).toMatchObject({ outcome: 'not applicable', reason: 'a reason' });
  });

  it('fails where the subject makes no store', async () => {
    const subject = subjectFrom(() => undefined);
    const result = await resultOf(async (trial) => void (await trial.createStore()), {}, subject);
    expect(result?.reason).toMatch(/made no store/);
  });

  it('gives every run surroundings of its own, and removes them', async () => {
    const seen: Surroundings[] = [];
    const subject: Subject = {
      name: 'in a folder',
      create(surroundings) {
        seen.push(surroundings);
        expect(existsSync(surroundings.directory)).toBe(true);
        return new MemoryStore();
      },
    };
    const run = async (trial: Trial) => {
      await trial.createStore();
      await trial.createForeignStore();
    };
    await results([check(run), check(run)], subject);
    expect(new Set(seen.map(({ namespace }) => namespace)).size).toBe(4);
    for (const { namespace, directory } of seen) {
      expect(namespace).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
      expect(existsSync(directory)).toBe(false);
    }
  });

  it('puts retries around a store that has none', async () => {
    let tries = 0;
    class Flaky extends MemoryStore {
      override get(id: string, callback: Parameters<MemoryStore['get']>[1]) {
        tries += 1;
        if (tries === 1) callback(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
        else super.get(id, callback);
      }
    }
    const result = await resultOf(
      async (trial) => {
        const store = await trial.createRetryingStore();
        await new Promise<void>((resolve, reject) =>
          store.get('one', (error) => (error ? reject(error) : resolve())),
        );
      },
      {},
      subjectFrom(() => new Flaky()),
    );
    expect(result).toMatchObject({ outcome: 'passed' });
    expect(tries).toBe(2);
  });
});

describe('checkSessionStore', () => {
  it('runs only what is asked for', async () => {
    const seen: CheckResult[] = [];
    const options = { areas: ['ids', 'destroy'], levels: ['required'] } as const;
    for await (const result of checkSessionStore(() => new MemoryStore(), options)) seen.push(result);
    const expected = checks
      .filter((one) => one.area === 'destroy' && one.level === 'required')
      .map((one) => one.id);
    expect(seen.map((result) => result.check.id)).toEqual(expected);
  });

  it('runs as many checks at once as told, and blames each for its own', async () => {
    let [running, most] = [0, 0];
    const made = [1, 2, 3, 4].map((number) =>
      check(
        async () => {
          if (number === 2) {
            setImmediate(() => {
              throw new Error('of the second');
            });
            await new Promise(() => {});
          }
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 50));
          running -= 1;
        },
        { id: `data/${number}` },
      ),
    );
    const outcomes: Record<string, string> = {};
    const options = { checks: made, concurrency: 2 };
    for await (const { check: one, outcome } of checkSessionStore(() => new MemoryStore(), options))
      outcomes[one.id] = outcome;
    expect(most).toBe(2);
    expect(outcomes).toEqual({
      'data/1': 'passed',
      'data/2': 'failed',
      'data/3': 'passed',
      'data/4': 'passed',
    });
  });

  it('ends when its signal aborts', async () => {
    const stop = new AbortController();
    const made = [1, 2, 3].map(() => check(async () => stop.abort()));
    let count = 0;
    for await (const _result of checkSessionStore(() => new MemoryStore(), {
      checks: made,
      signal: stop.signal,
    }))
      count += 1;
    expect(count).toBe(1);
  });

  it.each([
    ['nothing', undefined, /function that makes a store/],
    ['no create', { name: 'x' }, /create/],
    ['a name that is none', { name: 7, create: () => new MemoryStore() }, /name/],
  ])('refuses a subject that is %s', (_name, subject, message) => {
    expect(() => subjectFrom(subject)).toThrow(message);
  });
});
