import { describe, expect, it } from 'vitest';
import { Stamps } from '../src/stamps.js';

describe('stamps', () => {
  it('are remembered of objects of all kinds, and replaced', () => {
    const stamps = new Stamps<number>();
    const none = Object.create(null) as object;
    const objects = [
      { a: 1 },
      none,
      [],
      new Date(),
      new Map(),
      () => {},
      Object.freeze({ a: 1 }),
      Object.seal({}),
    ];
    for (const [value, object] of objects.entries()) {
      expect(stamps.of(object)).toBeUndefined();
      stamps.put(object, value);
      stamps.put(object, -value - 1);
      expect(stamps.of(object)).toBe(-value - 1);
    }
  });

  it('stay with an object that is frozen later', () => {
    const stamps = new Stamps<number>();
    const object = {};
    stamps.put(object, 1);
    Object.freeze(object);
    stamps.put(object, 2);
    expect(stamps.of(object)).toBe(2);
  });

  it('are nothing to others, of whom each can have its own', () => {
    const [one, other] = [new Stamps<number>(), new Stamps<number>()];
    const object = {};
    one.put(object, 1);
    expect(other.of(object)).toBeUndefined();
    other.put(object, 2);
    expect([one.of(object), other.of(object)]).toEqual([1, 2]);
  });

  it('are invisible, and are not copied', () => {
    const stamps = new Stamps<number>();
    const object = { a: 1 };
    stamps.put(object, 1);
    expect(Reflect.ownKeys(object)).toEqual(['a']);
    expect(JSON.stringify(object)).toBe('{"a":1}');
    for (const copy of [{ ...object }, structuredClone(object), Object.create(object) as object]) {
      expect(stamps.of(copy)).toBeUndefined();
    }
  });

  it('trap nothing on a proxy', () => {
    const refuse = () => {
      throw new Error('trapped');
    };
    const object = new Proxy(
      {},
      { get: refuse, set: refuse, has: refuse, defineProperty: refuse, ownKeys: refuse },
    );
    const stamps = new Stamps<number>();
    stamps.put(object, 1);
    expect(stamps.of(object)).toBe(1);
  });
});
