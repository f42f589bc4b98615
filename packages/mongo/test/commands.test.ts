import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, MongoStore } from '../src/index.js';

describeWithServer('mongo', 'the commands that are sent', (url) => {
  const client = new MongoClient(url, { monitorCommands: true });
  const database = 'session_stores_commands';
  let sent: CommandStartedEvent[] = [];
  client.on('commandStarted', (event) => sent.push(event));
  const names = () => sent.map(({ commandName }) => commandName);
  afterAll(async () => {
    await client.db(database).dropDatabase();
    await client.close();
  });

  let collection = 0;
  let backend: MongoBackend;
  beforeEach(async () => {
    collection += 1;
    [backend] = await opened(new MongoBackend({ client, database, collection: `c${collection}` }));
    sent = [];
  });

  it('a lone call is one command, whatever it is', async () => {
    const insert = sample();
    const { id, birth } = insert;
    await backend.write([insert], within());
    await backend.read([id], within());
    await backend.write(
      [sample({ id, birth, revision: 'second', expect: { revision: insert.revision } })],
      within(),
    );
    await backend.touch([{ id, revision: 'second', expiry: { in: 90_000, exact: false } }], within());
    await backend.remove([{ id, birth, grace: 1_000 }], within());
    expect(names()).toEqual(['update', 'find', 'update', 'update', 'update']);
  });

  it('inserts and updates of one call share a command, and so do all of its conflicts', async () => {
    const inserts = Array.from({ length: 32 }, () => sample());
    await backend.write(inserts, within());
    sent = [];
    const updates = inserts.map(({ id, birth, revision }, index) =>
      sample({ id, birth, expect: { revision: index % 2 === 0 ? revision : 'another' } }),
    );
    const answers = await backend.write(
      [...updates, ...Array.from({ length: 32 }, () => sample())],
      within(),
    );
    expect(answers.map(({ status }) => status)).toEqual([
      ...updates.map((_, index) => (index % 2 === 0 ? 'written' : 'conflict')),
      ...Array.from({ length: 32 }, () => 'written'),
    ]);
    expect(names()).toEqual(['update', 'find']);
  });

  it('64 operations in flight take at most a command for 16 of them, conflicts included', async () => {
    const stores = [0, 1].map(() => new MongoStore({ client, database, collection: `c${collection}` }));
    const [ours, theirs] = stores as [MongoStore, MongoStore];
    const ids = Array.from({ length: 64 }, (_, index) => `id ${index}`);
    const session = (text: string) => ({ cookie: { originalMaxAge: 60_000 }, text }) as never;
    await ours.set('first', session('opens the store'));
    await theirs.get('first');
    const counted = async (work: (id: string) => Promise<unknown>): Promise<number> => {
      sent = [];
      // The first finds nothing on its way and goes alone; the others travel together.
      await Promise.all(ids.map(work));
      return sent.length;
    };
    const most = 1 + ids.length / 16;
    expect(await counted((id) => ours.set(id, session('made')))).toBeLessThanOrEqual(2 * most);
    expect(await counted((id) => ours.get(id))).toBeLessThanOrEqual(most);
    const loaded = await Promise.all(ids.map((id) => ours.get(id)));
    expect(
      await counted((id) => theirs.update(id, (stored) => ({ ...stored, by: 'them' }))),
    ).toBeLessThanOrEqual(2 * most);
    // Each of these meets another revision than it has loaded: a write, what it met, and a write on top of that.
    const saved = await counted((id) => {
      const mine = loaded[ids.indexOf(id)] as { by?: string; mine?: boolean };
      return ours.set(id, Object.assign(mine, { mine: true }) as never);
    });
    expect(saved).toBeLessThanOrEqual(3 * most);
    for (const id of ids) expect(await theirs.get(id)).toMatchObject({ by: 'them', mine: true });
    expect(await counted((id) => ours.destroy(id))).toBeLessThanOrEqual(most);
    for (const store of stores) await store.close();
  });

  it('writes ask for a majority unless told otherwise, and reads for what the primary has now', async () => {
    const [own] = await opened(
      new MongoBackend({
        client,
        database,
        collection: `c${collection}`,
        writeConcern: { w: 1, journal: true },
      }),
    );
    const { id, birth } = sample();
    for (const [some, writeConcern] of [
      [backend, { w: 'majority' }],
      [own, { w: 1, j: true }],
    ] as const) {
      sent = [];
      const write = sample();
      await some.write([write], within());
      await some.touch(
        [{ id: write.id, revision: write.revision, expiry: { in: 1_000, exact: true } }],
        within(),
      );
      await some.remove(
        [write, { id, birth, grace: 1 }].map((removal) => ({ grace: 10, ...removal })),
        within(),
      );
      await some.read([id], within());
      await some.clear({ ...within(), grace: 0 });
      await some.count(within());
      for (const { commandName, command } of sent) {
        const isRead = commandName === 'find' || commandName === 'aggregate';
        if (isRead) expect(command.readConcern).toEqual({ level: 'local' });
        else expect([commandName, command.writeConcern]).toEqual([commandName, writeConcern]);
        expect(command.$readPreference?.mode ?? 'primary').toMatch(/^primary/);
      }
    }
  });

  it('a query has ids as strings and never as anything else', async () => {
    const strange = { $gt: '' } as unknown as string;
    const store = new MongoStore({ client, database, collection: `c${collection}` });
    await store.set('a', { cookie: { originalMaxAge: 60_000 } } as never);
    sent = [];
    for (const call of [
      store.get(strange),
      store.destroy(strange),
      store.touch(strange, { cookie: {} } as never),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
    expect(sent).toEqual([]);
    expect(await store.get('a')).toBeTruthy();
    await store.close();
  });

  it('a hundred records of 200 KB are written and read whole: more than a command or a reply can hold', async () => {
    const text = 'x'.repeat(200_000);
    const writes = Array.from({ length: 100 }, (_, index) =>
      sample({ data: `{"cookie":{},"text":"${text}${index}"}` }),
    );
    for (const answer of await backend.write(writes, within(20_000)))
      expect(answer).toEqual({ status: 'written' });
    const read = await backend.read(
      writes.map(({ id }) => id),
      within(20_000),
    );
    expect(read.map((record) => record && 'data' in record && record.data)).toEqual(
      writes.map(({ data }) => data),
    );
    const seen = new Set<string>();
    for await (const page of backend.scan(within(20_000))) for (const { id } of page) seen.add(id);
    expect(seen.size).toBe(100);
  }, 40_000);

  it('a session that is larger than a document can be fails alone', async () => {
    const large = sample({ data: `{"cookie":{},"text":"${'x'.repeat(16 * 1024 * 1024)}"}` });
    const [failed, written] = await backend.write([large, sample()], within(20_000));
    expect(failed).toMatchObject({ status: 'error', error: { kind: 'TOO_LARGE', transient: false } });
    expect(written).toEqual({ status: 'written' });
    expect(await one(backend.read([large.id], within()))).toBeUndefined();
  }, 40_000);
});
