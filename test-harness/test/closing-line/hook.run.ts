import { afterAll, describe, expect, it } from 'vitest';

describe('a group whose hook fails', () => {
  afterAll(() => {
    throw new Error('could not clean up');
  });
  it('passes', () => expect(1).toBe(1));
});
