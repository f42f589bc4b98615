import { deserialize, serialize } from 'node:v8';
import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const quick = { retry: { minTimeout: 1, maxTimeout: 5, attemptTimeout: 50 }, operationTimeout: 10_000 };

/** Two requests that got the same session, in two processes. */
async function twoRequests(data: object, options?: ConstructorParameters<typeof SessionStore>[1]) {
  const backend = new LossyBackend();
  const [first, second] = [new SessionStore(backend, options), new SessionStore(backend, options)];
  await first.set('a', made(first, 'a', data));
  return { backend, first, second, one: await loaded(first, 'a'), two: await loaded(second, 'a') };
}

describe('concurrent saves', () => {
  it('keep the changes of different keys, deep in plain objects', async () => {
    const { first, second, one, two } = await twoRequests({ cart: { apples: 1 }, left: 1 });
    (one.cart as Record<string, number>).pears = 2;
    delete two.left;
    (two.cart as Record<string, number>).plums = 3;
    await first.set('a', one);
    await second.set('a', two);
    expect(await sessionOf(first, 'a')).toEqual({ cart: { apples: 1, pears: 2, plums: 3 } });
  });

  it('take arrays whole, and let the last writer have a part that both changed', async () => {
    const { first, second, one, two } = await twoRequests({ list: [1], name: 'x' });
    Object.assign(one, { list: [1, 2], name: 'y' });
    Object.assign(two, { list: [1, 3], name: 'z' });
    await first.set('a', one);
    await second.set('a', two);
    expect(await sessionOf(first, 'a')).toEqual({ list: [1, 3], name: 'z' });
  });

  it('keep what another request wrote between two saves of one session', async () => {
    const { first, second, one, two } = await twoRequests({ n: 0 });
    await first.set('a', Object.assign(one, { mine: 1 }));
    await second.set('a', Object.assign(two, { theirs: 1 }));
    await first.set('a', Object.assign(one, { mine: 2 }));
    await first.set('a', Object.assign(one, { mine: 3 }));
    expect(await sessionOf(first, 'a')).toEqual({ n: 0, mine: 3, theirs: 1 });
  });

  it('keep the types that a serializer knows, and let a deleted key stay deleted', async () => {
    const serializer = {
      stringify: (value: unknown) => serialize(value).toString('base64'),
      parse: (text: string): unknown => deserialize(Buffer.from(text, 'base64')),
    };
    const date = new Date(0);
    const data = { date, tags: new Map([['a', 1]]), left: 1, deep: { left: 1, n: 1 } };
    const { first, second, one, two } = await twoRequests(data, { serializer });
    Object.assign(one, { seen: new Date(1), left: undefined });
    delete one.left;
    delete (one.deep as Record<string, unknown>).left;
    (two.tags as Map<string, number>).set('b', 2);
    await first.set('a', one);
    await second.set('a', two);
    const merged = await sessionOf(first, 'a');
    expect(merged).toEqual({
      date,
      seen: new Date(1),
      tags: new Map(Object.entries({ a: 1, b: 2 })),
      deep: { n: 1 },
    });
    expect(merged).not.toHaveProperty('left');
  });

  it('treat __proto__ as a key like any other', async () => {
    const { backend, first, second, one, two } = await twoRequests({
      deep: JSON.parse('{"__proto__":{"a":1}}'),
    });
    Object.assign(one, { x: 1 });
    Object.assign(two, { y: 1 });
    await first.set('a', one);
    await second.set('a', two);
    expect(backend.rows.get('a')?.data).toContain('"deep":{"__proto__":{"a":1}}');
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('are refused, replaced or decided by a function, as onConflict says', async () => {
    const rejecting = await twoRequests({ n: 0 }, { onConflict: 'reject' });
    await rejecting.first.set('a', Object.assign(rejecting.one, { a: 1 }));
    await expect(rejecting.second.set('a', Object.assign(rejecting.two, { b: 1 }))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    const overwriting = await twoRequests({ n: 0 }, { onConflict: 'overwrite' });
    await overwriting.first.set('a', Object.assign(overwriting.one, { a: 1 }));
    await overwriting.second.set('a', Object.assign(overwriting.two, { b: 1 }));
    expect(await sessionOf(overwriting.first, 'a')).toEqual({ n: 0, b: 1 });
    const adding = await twoRequests(
      { n: 1 },
      {
        onConflict: (base, stored, mine) => {
          const [b, s, m] = [base, stored, mine] as { n: number }[];
          return { ...(mine as object), n: (s?.n ?? 0) + (m?.n ?? 0) - (b?.n ?? 0) };
        },
      },
    );
    await adding.first.set('a', Object.assign(adding.one, { n: 11 }));
    await adding.second.set('a', Object.assign(adding.two, { n: 101 }));
    expect(await sessionOf(adding.first, 'a')).toEqual({ n: 111 });
  });

  it('never write into the session of another birth', async () => {
    const { first, second, one } = await twoRequests({ user: 'ann' });
    await second.destroy('a');
    await second.set('a', made(second, 'a', { user: 'bob' }));
    await first.set('a', Object.assign(one, { secret: 'of ann' }));
    expect(await sessionOf(second, 'a')).toEqual({ user: 'bob' });
  });
});

describe('a lost reply', () => {
  it('is told from a lost request, with another writer in between', { timeout: 90_000 }, async () => {
    const backend = new LossyBackend();
    // All 2,000 wait for their turn from the start.
    const patient = { ...quick, operationTimeout: 60_000 };
    const [first, second] = [new SessionStore(backend, patient), new SessionStore(backend, patient)];
    await first.set('a', made(first, 'a', { n: 0 }));
    let random = 7;
    backend.fate = () => {
      random = (random * 1103515245 + 12345) % 2147483648;
      const draw = random / 2147483648;
      return draw < 0.05 ? 'lose request' : draw < 0.1 ? 'lose reply' : 'deliver';
    };
    const count = (store: SessionStore) =>
      store.update('a', (session) => {
        (session as unknown as { n: number }).n++;
      });
    const runs = Array.from({ length: 2000 }, (_, i) => count(i % 2 ? first : second));
    const results = await Promise.allSettled(runs);
    const failed = results.filter((result) => result.status === 'rejected');
    // The other store may write more than eight times before the retry: then nobody can tell, and it says so.
    expect(failed.filter(({ reason }) => reason.code !== 'AMBIGUOUS')).toEqual([]);
    backend.fate = () => 'deliver';
    const { n } = (await sessionOf(first, 'a')) as { n: number };
    const done = results.length - failed.length;
    expect(n).toBeGreaterThanOrEqual(done);
    expect(n).toBeLessThanOrEqual(results.length);
    expect(failed.length).toBeLessThan(results.length / 20);
  });

  it('of an earlier save is taken into account by the next save of the same session', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', { n: 0 }));
    const session = await loaded(store, 'a');
    backend.fates.push('lose reply');
    await expect(store.set('a', Object.assign(session, { x: 1 }))).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    });
    await store.set('a', Object.assign(session, { y: 1 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 0, x: 1, y: 1 });
  });
});
