import {
  InvalidOptionError,
  RetryingStore,
  SessionStore,
  splitOptions,
  withRetries,
} from '@session-stores/core';
import session from 'express-session';
import { describe, expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';

class ExampleStore extends SessionStore {}

describe('a wrong option', () => {
  it.for([
    ['defaultMaxAge', 0],
    ['defaultMaxAge', '1000'],
    ['defaultMaxAge', Number.NaN],
    ['operationTimeout', 0],
    ['operationTimeout', Number.POSITIVE_INFINITY],
    ['operationTimeout', 2 ** 31],
    ['onConflict', 'ignore'],
    ['serializer', {}],
    ['serializer', null],
    ['retry', true],
    ['retry', null],
    ['retry', []],
    ['sweepInterval', -1],
    ['maxPending', 0],
    ['maxPending', '100'],
    ['maxPending', Number.NaN],
    ['copiedSessions', 'yes'],
  ])('%s: %j is named, with the store and what it may be', ([name, value]) => {
    const make = () => new ExampleStore(new LossyBackend(), { [name as string]: value });
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`^ExampleStore: option '${name}' must be .{5,}`));
  });

  it.for([
    ['retries', -1],
    ['minTimeout', '1'],
    ['maxTimeout', Number.NaN],
    ['factor', 0],
    ['attemptTimeout', 0],
    ['randomize', 1],
  ])('retry.%s: %j is named', ([name, value]) => {
    expect(() => new ExampleStore(new LossyBackend(), { retry: { [name as string]: value } })).toThrow(
      new RegExp(`'retry.${name}' must be`),
    );
  });

  it('that nobody knows is named, with those that are known', () => {
    expect(() => new ExampleStore(new LossyBackend(), { ttl: 5 } as never)).toThrow(
      /unknown option 'ttl'; known are .*defaultMaxAge/,
    );
    expect(() => new ExampleStore(new LossyBackend(), { retry: { forever: true } } as never)).toThrow(
      /unknown option 'forever'; known are .*attemptTimeout/,
    );
    expect(() => new ExampleStore(new LossyBackend(), 5 as never)).toThrow(/pass an object/);
    expect(() => new ExampleStore(new LossyBackend(), null as never)).toThrow(/pass an object/);
  });

  it('is an error with a code', () => {
    try {
      new ExampleStore(new LossyBackend(), { operationTimeout: -1 });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ name: 'InvalidOptionError', code: 'INVALID_OPTION' });
    }
  });
});

describe('a backend', () => {
  it('without all its primitives is refused, with the names of those that are missing', () => {
    expect(() => new ExampleStore(undefined as never)).toThrow(
      /ExampleStore: pass a SessionBackend.*read, write/,
    );
    expect(() => new ExampleStore(Object.assign(new LossyBackend(), { touch: 5 }) as never)).toThrow(
      /of its functions touch is missing/,
    );
  });
});

describe('splitOptions', () => {
  it('tells a store’s own options from those of all stores', () => {
    const options = { client: 1, prefix: undefined, defaultMaxAge: 5 };
    expect(splitOptions('ExampleStore', options, ['client', 'prefix'])).toEqual({
      own: { client: 1, prefix: undefined },
      common: { defaultMaxAge: 5 },
    });
    expect(splitOptions('ExampleStore', undefined, [])).toEqual({ own: {}, common: {} });
  });

  it('refuses what is no object, and unknown names', () => {
    for (const options of ['redis://', null, 5, []]) {
      expect(() => splitOptions('ExampleStore', options as never, [])).toThrow(
        /^ExampleStore: pass an object/,
      );
    }
    expect(() => splitOptions('ExampleStore', { url: 'x' } as never, ['client' as never])).toThrow(
      /unknown option 'url'; known are client, /,
    );
  });
});

describe('withRetries', () => {
  it('turns retries on where the caller said nothing about them', () => {
    expect(withRetries({})).toEqual({ retry: {} });
    expect(withRetries({ retry: undefined })).toEqual({ retry: {} });
    expect(withRetries({ retry: { retries: 2 } })).toEqual({ retry: { retries: 2 } });
    expect(withRetries({ retry: false as const })).toEqual({ retry: false });
  });

  it('leaves to others to complain about what is no object', () => {
    expect(withRetries(5 as never)).toBe(5);
  });
});

describe('RetryingStore', () => {
  const inner = new session.MemoryStore();

  it.for([
    [{ isTransient: true }, /'isTransient' must be/],
    [{ operationTimeout: 0 }, /'operationTimeout' must be/],
    [{ retry: { retries: -1 } }, /'retry.retries' must be/],
    [{ retry: false }, /'retry' must be/],
    [{ serializer: JSON }, /unknown option 'serializer'; known are retry, isTransient, operationTimeout/],
    [5, /pass an object/],
  ] as const)('refuses the options %j', ([options, message]) => {
    expect(() => new RetryingStore(inner, options as never)).toThrow(message);
    expect(() => new RetryingStore(inner, options as never)).toThrow(InvalidOptionError);
  });

  it.for([undefined, null, {}, 5, { get() {}, set() {} }])('refuses %j for a store', (store) => {
    expect(() => new RetryingStore(store as never)).toThrow(/pass an express-session store/);
  });

  it('refuses a store that retries by itself', () => {
    expect(() => new RetryingStore(new ExampleStore(new LossyBackend()))).toThrow(/retries better by itself/);
  });
});
