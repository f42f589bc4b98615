import { SessionStore } from '@session-stores/core';
import { MemoryStore, type MemoryStoreOptions, RetryingMemoryStore } from '@session-stores/memory';
import { describe, expect, expectTypeOf, it } from 'vitest';

describe.each([MemoryStore, RetryingMemoryStore])('%o', (Store) => {
  it('needs no options', async () => {
    const store = new Store();
    expect(store).toBeInstanceOf(SessionStore);
    await store.close();
  });

  it('refuses an option that it does not know, and names those that it knows', () => {
    expect(() => new Store({ maxEntrys: 5 } as MemoryStoreOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('maxEntries') }),
    );
  });

  it('reports an eviction as an event that names the record, not the id', async () => {
    const store = new Store({ maxEntries: 1 });
    const evicted: unknown[] = [];
    store.on('evicted', (event) => evicted.push(event));
    const cookie = { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) };
    // A plain object instead of the request's session is allowed by express-session's interface.
    await store.set('first-id', { cookie } as never);
    await store.set('second-id', { cookie } as never);
    expect(evicted).toEqual([{ record: expect.stringMatching(/^[0-9a-f]{12}$/) }]);
    expect(await store.ids()).toEqual(['second-id']);
    await store.close();
  });
});

it('has typed options', () => {
  expectTypeOf<MemoryStoreOptions['maxEntries']>().toEqualTypeOf<number | undefined>();
  expectTypeOf(new MemoryStore()).toExtend<SessionStore>();
});
