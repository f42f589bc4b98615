import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../src/snapshot.js';

const before = '2030-01-01T00:00:00.000Z';
const after = new Date('2030-01-01T01:00:00.000Z');
const cookieOf = (expires: unknown) => ({ originalMaxAge: 3_600_000, expires, path: '/' });
/** What a session is saved as whose expiry was moved since `before` and that got `more`. */
const saved = (more: object, expires: unknown = before): unknown => {
  const stored = { cookie: cookieOf(expires), n: 1 };
  const base = { data: JSON.stringify(stored), cookie: cookieOf(expires) };
  const { data, pinned } = snapshotOf({ ...more, ...stored, ...more, cookie: cookieOf(after) }, base, JSON);
  expect(JSON.parse(pinned as string)).toEqual({ ...stored, ...more });
  return JSON.parse(data);
};

describe('a snapshot', () => {
  it('has the expiry of the session, and beside it nothing else than the session has', () => {
    const cookie = cookieOf(after.toISOString());
    expect(saved({ n: 2 })).toEqual({ cookie, n: 2 });
  });

  it('leaves what looks like the expiry of the cookie, and is none, as it is', () => {
    const cookie = cookieOf(after.toISOString());
    for (const more of [
      { a: { expires: before } },
      { a: `"expires":"${before}"` },
      { [`"expires":"${before}"`]: 1 },
      { expires: before },
    ]) {
      expect(saved(more)).toEqual({ cookie, n: 1, ...more });
    }
    expect(saved({ n: 2, text: '"}' }, 'no "date"\\')).toEqual({ cookie, n: 2, text: '"}' });
  });

  it('is made with dates where the serializer knows them', () => {
    const serializer = { ...JSON, stringify: JSON.stringify, parse: JSON.parse };
    const { cookie } = snapshotOf({ cookie: cookieOf(after) }, undefined, serializer);
    expect(cookie?.expires).toBe(after);
  });
});
