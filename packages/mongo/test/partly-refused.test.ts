import { describe, expect, it } from 'vitest';
import { sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { atLeast, exactly, HeldCommands } from './held-commands.js';

describeWithServer('mongo', 'what a server refuses in part', (url) => {
  const on = new HeldCommands(url, 'session_stores_partly_refused');

  const removed = { status: 'removed' };

  describe('a batch of which the server refuses one statement', () => {
    /** As a mongod answers where a validator refuses what has this id: the others are carried out. */
    const refuses = (...refused: string[]) => {
      on.hold = async (command, send) => {
        const key = ['updates', 'deletes', 'documents'].find((name) => name in command);
        if (key === undefined) return send();
        const all = command[key] as { q?: { _id: string }; _id?: string }[];
        const good = all.filter(({ q, _id }) => !refused.includes((q?._id ?? _id) as string));
        if (good.length === all.length) return send();
        const writeErrors = [{ index: 0, code: 121 }];
        if (good.length === 0) return { n: 0, nModified: 0, writeErrors, ok: 1 };
        const reply = await on.client.db(on.database).command({ ...command, [key]: good });
        return { ...reply, writeErrors };
      };
    };
    const error = { status: 'error', error: { serverCode: 121 } };

    it('inserts and updates: the others are written', async () => {
      const [a, b, c] = [await on.written(), await on.written(), await on.written()];
      const update = ({ id, birth, revision }: typeof a) => sample({ id, birth, expect: { revision } });
      await on.written(update(c));
      refuses(b.id);
      expect(await on.ours.write([update(a), update(b), sample(), update(c)], within())).toMatchObject([
        { status: 'written' },
        error,
        { status: 'written' },
        { status: 'conflict' },
      ]);
      const [d, e] = [sample(), sample()];
      refuses(d.id);
      expect(await on.ours.write([d, e], within())).toMatchObject([error, { status: 'written' }]);
    });

    it('two that it refuses are told so each, and not that others changed them', async () => {
      const [a, b, c] = [await on.written(), await on.written(), await on.written()];
      const update = ({ id, birth, revision }: typeof a) => sample({ id, birth, expect: { revision } });
      refuses(a.id, b.id);
      expect(await on.ours.write([update(a), update(b), update(c)], within())).toMatchObject([
        error,
        error,
        { status: 'written' },
      ]);
    });

    it('touches: the others are touched, also of more than a command holds', async () => {
      const all = Array.from({ length: 100 }, () => sample());
      await on.others.write(all, within());
      refuses(all[1]?.id as string);
      const answers = await on.ours.touch(
        all.map(({ id, revision }) => ({ id, revision, expiry: exactly(90_000) })),
        within(),
      );
      expect(answers).toMatchObject(all.map((_, index) => (index === 1 ? error : { status: 'touched' })));
    });

    it('removals: the others are removed', async () => {
      const all = [await on.written(), await on.written(), await on.written()];
      refuses(all[1]?.id as string);
      const answers = await on.ours.remove(
        all.map(({ id, birth }) => ({ id, birth, grace: 60_000 })),
        within(),
      );
      expect(answers).toMatchObject([removed, error, removed]);
    });

    it('an insert that the server does not count beside a duplicate is written, as FerretDB answers', async () => {
      const [a, b] = [sample(), await on.written()];
      let isFirst = true;
      on.hold = async (command, send) => {
        const reply = await send();
        if (!('update' in command) || !isFirst) return reply;
        isFirst = false;
        return { writeErrors: [{ index: 1, code: 11000 }], ok: 1 };
      };
      expect(await on.ours.write([a, sample({ id: b.id })], within())).toMatchObject([
        { status: 'written' },
        { status: 'conflict', current: { revision: b.revision } },
      ]);
    });
  });

  it('clear fails where a session or its grave is refused', async () => {
    for (const refused of ['delete', 'insert']) {
      await on.written();
      on.hold = (command, send) =>
        refused in command
          ? Promise.resolve({ n: 0, writeErrors: [{ index: 0, code: 121 }], ok: 1 })
          : send();
      await expect(on.ours.clear({ ...within(), grace: 1_000 })).rejects.toMatchObject({ serverCode: 121 });
    }
  });

  it('a reply that holds only some of what was asked for is gone on from, and leaves no cursor', async () => {
    const writes = Array.from({ length: 10 }, () => sample());
    await on.others.write(writes, within());
    const ids = writes.map(({ id }) => id);
    // As a mongod does with more than 16 MB.
    on.hold = (command, send) => {
      if (!('find' in command)) return send();
      const few = 'limit' in command ? { limit: 3, batchSize: 3 } : { batchSize: 3 };
      return on.client.db(on.database).command({ ...command, ...few });
    };
    on.sent = [];
    const asked = [...ids, 'none'];
    const read = (await on.ours.read(asked, within())).map(
      (record) => record && 'data' in record && record.data,
    );
    expect(read).toEqual([...writes.map(({ data }) => data), undefined]);
    expect(on.sent.map(({ commandName }) => commandName)).toEqual([
      ...Array.from({ length: 3 }, () => ['find', 'killCursors']).flat(),
      'find',
    ]);
    const seen: string[] = [];
    for await (const page of on.ours.scan(within())) seen.push(...page.map(({ id }) => id));
    expect(seen.sort()).toEqual(ids.sort());
  });

  it('every change names who makes it, and no refused one keeps others back', async () => {
    const context = { ...within(), announceAs: 'me' };
    const insert = sample();
    const { id, birth, revision } = insert;
    on.sent = [];
    await on.ours.write([insert], context);
    await on.ours.touch([{ id, revision, expiry: exactly(9_000) }], context);
    await on.ours.write([sample({ id, birth, revision: 'r2', expect: { revision } })], context);
    await on.ours.touch([{ id, revision: 'r2', expiry: atLeast(90_000) }], context);
    const by = { by: expect.stringMatching(/^me \d+$/) };
    expect(on.sent.map(({ command }) => command.updates[0].u)).toMatchObject([
      { $setOnInsert: by },
      ...Array.from({ length: 3 }, () => ({ $set: by })),
    ]);
    await on.ours.remove(
      [
        { id, birth: 'x', grace: 9 },
        { id: 'none', birth: 'x', grace: 9 },
        { id: 'no', grace: 9 },
      ],
      within(),
    );
    for (const { command, commandName } of on.sent)
      if (commandName !== 'find') expect([commandName, command.ordered]).toEqual([commandName, false]);
    expect(on.sent.map(({ commandName }) => commandName)).toContain('insert');
  });
});
