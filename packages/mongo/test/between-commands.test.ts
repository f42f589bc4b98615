import { describe, expect, it } from 'vitest';
import { one, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { Commands } from '../src/commands.js';
import { Connection } from '../src/connection.js';
import { placeOf } from '../src/mongo-client.js';
import { atLeast, exactly, expired, foreign, HeldCommands } from './held-commands.js';

describeWithServer('mongo', 'between two commands of a call', (url) => {
  const on = new HeldCommands(url, 'session_stores_between_commands');

  const removed = { status: 'removed' };

  describe('an insert', () => {
    it('that found an expired session leaves what has taken its place', async () => {
      const { id } = await on.written(sample({ expiry: exactly(1) }));
      await expired();
      const next = sample({ id });
      on.after('find', () => on.written(next));
      expect(await one(on.ours.write([sample({ id })], within()))).toMatchObject({
        status: 'conflict',
        current: { revision: next.revision },
      });
      expect(await on.read(id)).toMatchObject({ revision: next.revision });
    });

    it("that found another's grave leaves what has taken its place", async () => {
      const { id, birth } = await on.written();
      await on.remove(id, birth);
      const next = sample({ id });
      on.after('find', () => on.written(next));
      expect(await one(on.ours.write([sample({ id })], within()))).toMatchObject({
        status: 'conflict',
        current: { revision: next.revision },
      });
      expect(await on.read(id)).toMatchObject({ revision: next.revision });
    });
  });

  describe("a session of connect-mongo's", () => {
    it('that it saved again is not overwritten, nor touched, as the one that it was', async () => {
      for (const [call, status] of [
        [
          (id: string, revision: string) => on.ours.write([sample({ id, expect: { revision } })], within()),
          'conflict',
        ],
        [
          (id: string, revision: string) =>
            on.ours.touch([{ id, revision, expiry: exactly(90_000) }], within()),
          'changed',
        ],
      ] as const) {
        await on.sessions().deleteMany({});
        await on.sessions().insertOne({ _id: 'a', ...foreign('first') });
        const { revision } = (await on.read('a')) as { revision: string };
        const again = foreign('second');
        on.after('find', () => on.sessions().updateOne({ _id: 'a' }, { $set: again }));
        expect(await one<{ status: string }>(call('a', revision))).toMatchObject({
          status,
          current: { data: again.session },
        });
        expect(await on.stored('a')).toMatchObject(again);
      }
    });

    it('that never expired keeps the expiry that a write asks for, where it was given a shorter one', async () => {
      await on.sessions().insertOne({ _id: 'a', session: foreign('x').session });
      const { revision } = (await on.read('a')) as { revision: string };
      on.after('find', () => on.others.touch([{ id: 'a', revision, expiry: exactly(5_000) }], within()));
      const write = sample({ id: 'a', expect: { revision }, expiry: atLeast(60_000) });
      expect(await one(on.ours.write([write], within()))).toEqual({ status: 'written' });
      expect((await on.stored('a')).expires?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    });

    it('is removed with what of ours has taken its place, and that has a grave', async () => {
      for (const session of [foreign('x').session, { cookie: {} }]) {
        await on.sessions().deleteMany({});
        await on.sessions().insertOne({ _id: 'a', ...foreign('x'), session });
        const next = sample({ id: 'a' });
        on.after('find', async () => {
          await on.sessions().deleteMany({});
          await on.written(next);
        });
        expect(await on.remove('a', undefined, 60_000, on.ours)).toEqual(removed);
        expect(await on.read('a')).toBeUndefined();
        expect(await one(on.others.write([next], within()))).toEqual({ status: 'gone' });
      }
    });
  });

  describe('a removal', () => {
    it('that found its session expired leaves what has taken its place', async () => {
      const { id, birth } = await on.written(sample({ expiry: exactly(1) }));
      await expired();
      const next = sample({ id });
      // Of a birth that is not there the first command meets nothing.
      on.after('find', () => on.written(next));
      expect(await on.remove(id, `${birth}x`, 60_000, on.ours)).toEqual({
        status: 'other',
        birth: next.birth,
      });
      expect(await on.read(id)).toMatchObject({ revision: next.revision });
    });

    it("that found another's grave leaves what has taken its place", async () => {
      const { id, birth } = await on.written();
      await on.remove(id, birth);
      const next = sample({ id });
      on.after('find', () => on.written(next));
      expect(await on.remove(id, 'late', 60_000, on.ours)).toEqual({ status: 'other', birth: next.birth });
      expect(await on.read(id)).toMatchObject({ revision: next.revision });
    });

    it('that found nothing buries the insert that was faster than its grave', async () => {
      const late = sample();
      on.after('find', () => on.written(late));
      expect(await on.remove(late.id, late.birth, 60_000, on.ours)).toEqual(removed);
      expect(await on.read(late.id)).toBeUndefined();
      expect(await one(on.others.write([late], within()))).toEqual({ status: 'gone' });
    });
  });

  it('clear leaves the grave of what was removed meanwhile', async () => {
    const first = await on.written();
    on.after('find', () => on.remove(first.id, first.birth));
    await on.ours.clear({ ...within(), grace: 0 });
    expect(await one(on.others.write([first], within()))).toEqual({ status: 'gone' });
  });

  it('the sweep leaves a new session in the place of the expired one that it found', async () => {
    const { id } = await on.written(sample({ expiry: exactly(1) }));
    await expired();
    const next = sample({ id });
    on.after('find', () => on.written(next));
    const place = placeOf({ client: on.held, database: on.database, collection: on.collection });
    const commands = new Commands(new Connection(place.source, on.database), place);
    expect(await commands.deleteExpired(10, within().signal)).toBe(0);
    expect(await on.read(id)).toMatchObject({ revision: next.revision });
  });

  it('an update of a batch that another one has overtaken is unsure, whether it was applied or not', async () => {
    const [a, b] = [await on.written(), await on.written()];
    const update = ({ id, birth, revision }: typeof a) => sample({ id, birth, expect: { revision } });
    await on.written(update(b));
    expect(await on.ours.write([update(a), update(b)], within())).toEqual([
      { status: 'written' },
      { status: 'conflict', current: expect.anything() },
    ]);
    const [c, d] = [await on.written(), await on.written()];
    const [mine, theirs] = [update(c), update(d)];
    await on.written(update(d));
    on.after('update', () => on.written(update(mine)));
    expect(await on.ours.write([mine, theirs], within())).toMatchObject([
      { status: 'conflict', unsure: true },
      { status: 'conflict', unsure: true },
    ]);
  });

  it('a record that others change goes on being tried, and not for ever', async () => {
    for (const [changes, status] of [
      [6, 'written'],
      [1_000, 'error'],
    ] as const) {
      const { id, birth } = await on.written();
      await on.remove(id, birth);
      let left: number = changes;
      on.hold = async (command, send) => {
        const reply = await send();
        if (!('find' in command) || left-- <= 0) return reply;
        const next = await on.written(sample({ id }));
        await on.remove(id, next.birth);
        return reply;
      };
      expect(await one(on.ours.write([sample({ id })], within(20_000)))).toMatchObject({ status });
    }
  }, 40_000);
});
