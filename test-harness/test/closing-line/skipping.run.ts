import { expect, it } from 'vitest';

it('runs', () => expect(true).toBe(true));
it.skip('is skipped', () => expect(true).toBe(true));
it.todo('is to be written');
