import { setTimeout as wait } from 'node:timers/promises';
import { type SessionBackend, SessionStore } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import type { Subject } from '@session-stores/test-harness';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../src/model/operation.js';
import { checkModel } from '../src/model-tests/check-model.js';
import { type Breakage, breakBackend, breakStore } from './mutants/mutant.js';

const timeout = 60_000;

/** Our store in memory, two of which share their records, with a bug planted. */
function planted(backend?: Breakage['backend'], methods?: Breakage['methods']): Subject {
  const records = new MemoryBackend();
  return {
    name: 'planted',
    create: () =>
      breakStore(new SessionStore(breakBackend(records, backend)), methods === undefined ? {} : { methods }),
    supports: { shared: true },
  };
}

/** The error of the check, and how many steps its script has. */
async function found(subject: Subject): Promise<{ message: string; steps: number }> {
  try {
    await checkModel(subject, { seed: 1, runs: 100 });
  } catch (error) {
    const { message, cause } = error as Error;
    const script = /^Counterexample: \[(.*?)\]$/m.exec(message)?.[1] ?? '';
    const steps = script.split(/,(?=client|\d+ ms|the network)/).length;
    return { message: `${message}\n${cause ?? ''}`, steps };
  }
  throw new Error('nothing was found');
}

/** Writes and touches whatever is stored by then, whatever was expected. */
const ignoresExpect = (good: SessionBackend): Partial<SessionBackend> => ({
  write: async (writes, context) =>
    good.write(
      await Promise.all(
        writes.map(async (write) => {
          if (write.expect === 'absent') return write;
          const [current] = await good.read([write.id], context);
          const known = current !== undefined && 'revision' in current;
          return known ? { ...write, expect: { revision: current.revision } } : write;
        }),
      ),
      context,
    ),
});

const bugs: Readonly<Record<string, () => Subject>> = {
  'an update that ignores what it expects': () => planted(ignoresExpect),
  'a touch that moves the expiry back': () =>
    planted((good) => ({
      touch: (touches, context) =>
        good.touch(
          touches.map((touch) => ({ ...touch, expiry: { in: 5, exact: true } })),
          context,
        ),
    })),
  'a touch that does nothing': () =>
    planted(() => ({ touch: async (touches) => touches.map(() => ({ status: 'touched' as const })) })),
  'a session that lives too long': () =>
    planted((good) => ({
      write: (writes, context) =>
        good.write(
          writes.map((write) => ({ ...write, expiry: { ...write.expiry, in: write.expiry.in + 60 } })),
          context,
        ),
    })),
  'a clear that leaves one': () =>
    planted(undefined, ({ all, clear, set }) => ({
      clear: async () => {
        const [one] = (await all()) as { id: string }[];
        await clear();
        if (one !== undefined) await set(one.id, JSON.parse(JSON.stringify(one)));
      },
    })),
  'a clear that clears nothing': () => planted(() => ({ clear: async () => {} })),
  'a remove that removes nothing': () =>
    planted(() => ({ remove: async (removals) => removals.map(() => ({ status: 'removed' as const })) })),
  'a destroy that is forgotten by whoever still has the session': () =>
    planted(undefined, ({ set }) => ({
      set: async (id, session) => set(id, JSON.parse(JSON.stringify(session))),
    })),
  'an update in two steps': () =>
    planted(undefined, ({ get, set }) => ({
      update: async (id, change) => {
        const session = await get(id);
        if (session === undefined) return undefined;
        // As long as a server takes, so that others come in between.
        await wait(5);
        const result = ((await change(session)) ?? session) as typeof session;
        await set(id, JSON.parse(JSON.stringify(result)));
        return result;
      },
    })),
};

describe('scripts against the model', { timeout }, () => {
  it.for(Object.entries(bugs))('find %s, and show a short script and a timeline', async ([, subject]) => {
    const { message, steps } = await found(subject());
    expect(message).toMatch(/client \d: /);
    expect(message).toMatch(/Session (long|short): no order of these calls explains/);
    expect(steps, message).toBeLessThanOrEqual(8);
  });

  it('do everything that clients of a store do, and find nothing where nothing is planted', async () => {
    const all: Operation[] = [];
    await checkModel(planted(), { seed: 1, runs: 60, onHistory: (history) => all.push(...history) });
    const answered = all.filter(({ answer }) => answer !== 'unknown');
    const done = Object.groupBy(answered, ({ action, session }) =>
      session === undefined ? 'clear' : action.type,
    );
    for (const type of ['get', 'save', 'touch', 'replace', 'update', 'destroy', 'clear']) {
      expect(done[type as keyof typeof done]?.length, type).toBeGreaterThan(10);
    }
  });
});
