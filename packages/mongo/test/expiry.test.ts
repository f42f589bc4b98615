import { describe, expect, it } from 'vitest';
import { one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { atLeast, exactly, expired, foreign, HeldCommands } from './held-commands.js';

describeWithServer('mongo', 'the documents of MongoDB', (url) => {
  const on = new HeldCommands(url, 'session_stores_expiry');

  describe('an expiry', () => {
    it('an own session that never expires goes on so with an update that says at least', async () => {
      await on.sessions().insertOne({ _id: 'a', session: foreign('x').session });
      for (let round = 0; round < 2; round++) {
        const { revision } = (await on.read('a')) as { revision: string };
        await on.written(sample({ id: 'a', expect: { revision }, expiry: atLeast(1_000) }), on.ours);
        expect(await on.stored('a')).not.toHaveProperty('expires');
      }
    });

    it('an expired session is gone for an update or touch of any kind', async () => {
      for (const expiry of [exactly(60_000), atLeast(60_000), exactly(9e15), atLeast(9e15)]) {
        const { id, birth, revision } = await on.written(sample({ expiry: exactly(1) }));
        await expired();
        expect(
          await one(on.ours.write([sample({ id, birth, expect: { revision }, expiry })], within())),
        ).toEqual({ status: 'gone' });
        expect(await one(on.ours.touch([{ id, revision, expiry }], within()))).toEqual({ status: 'gone' });
        expect(await on.read(id)).toBeUndefined();
      }
    });

    it('farther away than a date can be is never', async () => {
      for (const expiry of [exactly(9e15), atLeast(9e15)]) {
        const { id, birth, revision } = await on.written();
        await on.written(sample({ id, birth, revision: 'r2', expect: { revision }, expiry }), on.ours);
        expect(await on.read(id)).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
        await on.ours.touch([{ id, revision: 'r2', expiry: exactly(60_000) }], within());
        expect((await on.stored(id)).expires).toBeInstanceOf(Date);
        expect(await on.ours.touch([{ id, revision: 'r2', expiry }], within())).toEqual([
          { status: 'touched' },
        ]);
        expect(await on.read(id)).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
      }
    });

    it('of an insert over a grave is its own, also where it says at least', async () => {
      const { id, birth } = await on.written();
      await on.remove(id, birth, 600_000);
      await on.written(sample({ id, expiry: atLeast(60_000) }), on.ours);
      expect((await on.stored(id)).expires?.getTime()).toBeLessThan(Date.now() + 100_000);
    });

    it('of a grave is put off by a removal of a longer grace', async () => {
      const { id, birth } = await on.written();
      await on.remove(id, birth, 1_000);
      await on.remove(id, birth, 60_000, on.ours);
      expect((await on.stored(id)).expires?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    });

    it('that is no date is no end of a session, and the error says so', async () => {
      for (const expires of [123, 'soon', true] as never[]) {
        const { id: _id } = sample();
        await on.sessions().insertOne({ _id, ...foreign('x'), expires });
        const error = {
          status: 'error',
          error: { kind: 'FORMAT', message: expect.stringContaining('expires') },
        };
        expect(await on.read(_id)).toMatchObject(error);
        const write = sample({ id: _id, expect: { revision: 'any' } });
        expect(await on.ours.write([write], within())).toMatchObject([error]);
        expect(await on.remove(_id, undefined)).toEqual({ status: 'removed' });
        expect(await on.read(_id)).toBeUndefined();
      }
    });
  });
});
