import type { RecordWrite, SessionBackend } from '@session-stores/core';
import { MemoryBackend } from '@session-stores/memory';
import { describeSessionBackend } from '@session-stores/test-harness';
import { describe, expect, it } from 'vitest';

describeSessionBackend({ name: 'MemoryBackend', create: () => new MemoryBackend() }, { describe, it });

const context = { signal: new AbortController().signal };

function insert(id: string, milliseconds = 60_000): RecordWrite {
  const name = `birth-${id}`;
  const expiry = { in: milliseconds, exact: true };
  return { id, data: '{}', birth: name, revision: name, expiry, expect: 'absent' };
}

async function idsOf(backend: SessionBackend): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of backend.scan(context)) ids.push(...page.map(({ id }) => id));
  return ids;
}

async function bounded(maxEntries: number): Promise<{ backend: MemoryBackend; evicted: string[] }> {
  const evicted: string[] = [];
  const backend = new MemoryBackend({ maxEntries });
  await backend.open({ ...context, onEvicted: (id) => evicted.push(id), onError() {} });
  return { backend, evicted };
}

describe('maxEntries', () => {
  it('evicts the record that expires first, and says which', async () => {
    const { backend, evicted } = await bounded(3);
    await backend.write([insert('a', 30_000), insert('b', 10_000), insert('c', 20_000)], context);
    expect(evicted).toEqual([]);
    await backend.write([insert('d', 5_000)], context);
    await backend.write([insert('e')], context);
    expect(evicted).toEqual(['b', 'd']);
    expect(await idsOf(backend)).toEqual(['a', 'c', 'e']);
    expect(await backend.count(context)).toBe(3);
  });

  it('a touch moves a record away from eviction, an update evicts nothing', async () => {
    const { backend, evicted } = await bounded(2);
    await backend.write([insert('a', 10_000), insert('b', 20_000)], context);
    await backend.touch([{ id: 'a', revision: 'birth-a', expiry: { in: 30_000, exact: true } }], context);
    await backend.write([{ ...insert('a'), expect: { revision: 'birth-a' } }], context);
    expect(evicted).toEqual([]);
    await backend.write([insert('c')], context);
    expect(evicted).toEqual(['b']);
  });

  it('counts neither graves nor what was removed, and what has expired goes without an event', async () => {
    const { backend, evicted } = await bounded(2);
    for (let index = 0; index < 10; index++) {
      await backend.write([insert(`x${index}`)], context);
      await backend.remove([{ id: `x${index}`, grace: 60_000 }], context);
    }
    await backend.write([insert('a'), insert('b', -1)], context);
    await backend.write([insert('c')], context);
    expect(evicted).toEqual([]);
    expect(await idsOf(backend)).toEqual(['a', 'c']);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null])('refuses %o', (maxEntries) => {
    const options = { maxEntries: maxEntries as number };
    expect(() => new MemoryBackend(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining("'maxEntries'") }),
    );
  });
});

describe('expiry', () => {
  it('memory does not grow without a sweeper: inserts take the expired with them', async () => {
    const backend = new MemoryBackend();
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 100 }, (_, index) => `${round}-${index}`);
      await backend.write(
        ids.map((id) => insert(id, -1)),
        context,
      );
    }
    // All 2,000 have expired at once; had they been kept, all would be pruned here.
    expect(await backend.prune(10_000, context)).toBeLessThanOrEqual(1);
  });

  it('graves whose grace has ended go with the next one, and by prune', async () => {
    const backend = new MemoryBackend();
    const remove = (id: string, grace: number) => backend.remove([{ id, birth: 'birth', grace }], context);
    for (let index = 0; index < 1_000; index++) await remove(`a${index}`, 1e-9); // Ends in the ms in which it is dug.
    await remove('long', 60_000);
    expect(await backend.prune(10_000, context)).toBe(0);
    await backend.write([insert('b', -1)], context);
    expect(await backend.prune(10_000, context)).toBe(1);
  });
});
