import { createRequire } from 'node:module';
import { MongoBackend, MongoStore } from '@session-stores/mongo';
import ConnectMongo from 'connect-mongo';
import { Cookie, type SessionData } from 'express-session';
import { type Collection, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';

const within = () => ({ signal: AbortSignal.timeout(5_000) });
const database = 'session_stores_format';

interface Stored {
  readonly _id: string;
  readonly session: unknown;
  readonly expires?: Date;
}

/** A session as express-session would hand it to a store. */
function session(user: string, maxAge: number | null = 60_000): SessionData {
  const cookie = new Cookie();
  if (maxAge !== null) cookie.maxAge = maxAge;
  return { cookie, user } as unknown as SessionData;
}

/** What connect-mongo calls back with, as a promise. */
function called<T>(call: (callback: (error: unknown, result?: T | null) => void) => void): Promise<T | null> {
  return new Promise((resolve, reject) => {
    call((error, result) => (error ? reject(error) : resolve(result ?? null)));
  });
}

describeWithServer('mongo', 'a fleet that changes from connect-mongo to ours', (url) => {
  let client: MongoClient;
  let sessions: Collection<Stored>;
  let ours: MongoStore;
  let backend: MongoBackend;
  let theirs: ConnectMongo;

  const theirGet = (id: string) => called<SessionData>((callback) => theirs.get(id, callback as never));
  const theirSet = (id: string, data: SessionData, store = theirs) =>
    called((callback) => store.set(id, data, callback));
  const stored = async (id: string) => (await sessions.findOne({ _id: id })) as Stored;
  const readOne = async (id: string) => (await backend.read([id], within()))[0];

  /** The session of a request of theirs, made by express-session from what its store answered. */
  const asRequest = (data: SessionData) =>
    theirs.createSession({ sessionID: 'a', sessionStore: theirs } as never, data);

  beforeAll(async () => {
    client = new MongoClient(url);
    sessions = client.db(database).collection<Stored>('sessions');
    ours = new MongoStore({ client, database });
    backend = new MongoBackend({ client, database });
    // FerretDB refuses the index that `native` would create.
    theirs = ConnectMongo.create({ client, dbName: database, autoRemove: 'disabled' });
    await ours.length();
  });
  beforeEach(async () => {
    await sessions.deleteMany({});
  });
  afterAll(async () => {
    await ours.close();
    await backend.close();
    await client.db(database).dropDatabase();
    await client.close();
  });

  it('we read what they wrote, and see its expiry', async () => {
    await theirSet('a', session('ada'));
    expect(await ours.get('a')).toMatchObject({ user: 'ada' });
    expect(await readOne('a')).toMatchObject({ birth: undefined, data: (await stored('a')).session });
    const { expiresAt } = (await readOne('a')) as { expiresAt: number };
    expect(expiresAt).toBe((await stored('a')).expires?.getTime());
  });

  it('we read what was written without an expiry: it never expires, and a touch does not change that', async () => {
    await sessions.insertOne({ _id: 'a', session: JSON.stringify(session('ada', null)) });
    expect(await readOne('a')).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
    expect(await ours.length()).toBe(1);
    const { revision } = (await readOne('a')) as { revision: string };
    const touch = { id: 'a', revision, expiry: { in: 1_000, exact: false } };
    expect(await backend.touch([touch], within())).toEqual([{ status: 'touched' }]);
    expect(await stored('a')).not.toHaveProperty('expires');
    await ours.update('a', (data) => Object.assign(data, { cart: ['book'] }));
    expect(await stored('a')).not.toHaveProperty('expires');
    const { revision: own } = (await readOne('a')) as { revision: string };
    expect(await backend.touch([{ ...touch, revision: own }], within())).toEqual([{ status: 'touched' }]);
    expect(await stored('a')).not.toHaveProperty('expires');
    expect(await theirGet('a')).toMatchObject({ user: 'ada', cart: ['book'] });
    expect(
      await backend.touch([{ id: 'a', revision: own, expiry: { in: 9_000, exact: true } }], within()),
    ).toEqual([{ status: 'touched' }]);
    expect(await stored('a')).toHaveProperty('expires');
  });

  it('they read what we wrote, and no cookie that they send has our metadata', async () => {
    await ours.set('a', session('ada'));
    const data = (await theirGet('a')) as SessionData;
    expect(data).toMatchObject({ user: 'ada', cookie: { originalMaxAge: 60_000 } });
    expect(data.cookie).toHaveProperty('_sessionStores');
    const request = asRequest(data);
    expect(JSON.stringify(request)).not.toContain('_sessionStores');
    const { cookie } = request as unknown as { cookie: { serialize(name: string, value: string): string } };
    expect(cookie.serialize('sid', 'a')).not.toContain('_sessionStores');
    expect(Object.keys(await stored('a')).sort()).toEqual(['_id', 'expires', 'session']);
  });

  it('what they save over ours shows as theirs, with their change and another revision', async () => {
    await ours.set('a', session('ada'));
    const before = await readOne('a');
    await theirSet(
      'a',
      Object.assign(asRequest((await theirGet('a')) as SessionData), { cart: ['book'] }) as never,
    );
    const after = await readOne('a');
    expect(before).toMatchObject({ birth: expect.any(String) });
    expect(after).toMatchObject({ birth: undefined });
    expect((after as { revision: string }).revision).not.toBe((before as { revision: string }).revision);
    expect(await ours.get('a')).toMatchObject({ user: 'ada', cart: ['book'] });
  });

  it('a write of ours that they overtook is a conflict, whether they overtook ours or theirs', async () => {
    for (const first of [() => ours.set('a', session('ada')), () => theirSet('a', session('ada'))]) {
      await sessions.deleteMany({});
      await first();
      const { revision } = (await readOne('a')) as { revision: string };
      await theirSet('a', session('bob'));
      const write = {
        id: 'a',
        data: '{}',
        birth: 'birth',
        revision: 'revision',
        expiry: { in: 1_000, exact: true },
        expect: { revision },
      };
      const { session: data } = await stored('a');
      expect(await backend.write([write], within())).toMatchObject([
        { status: 'conflict', current: { data } },
      ]);
      expect(await stored('a')).toMatchObject({ session: data });
    }
  });

  it('a change of ours is merged onto what they saved meanwhile', async () => {
    await ours.set('a', session('ada'));
    const mine = (await ours.get('a')) as SessionData;
    await theirSet(
      'a',
      Object.assign(asRequest((await theirGet('a')) as SessionData), { theirs: 1 }) as never,
    );
    await ours.set('a', Object.assign(mine, { ours: 1 }));
    expect(await theirGet('a')).toMatchObject({ user: 'ada', theirs: 1, ours: 1 });
  });

  it('what they wrote is ours from our next save on, with both changes', async () => {
    await theirSet('a', session('ada'));
    await ours.update('a', (data) => Object.assign(data, { cart: ['book'] }));
    expect(await theirGet('a')).toMatchObject({ user: 'ada', cart: ['book'] });
    expect(await readOne('a')).toMatchObject({ birth: expect.any(String) });
  });

  it('their sessions can be touched, removed and cleared by us, many at once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `id ${index}`);
    for (const id of ids) await theirSet(id, session(id));
    const revisions = await backend.read(ids, within());
    const touches = ids.map((id, index) => ({
      id,
      revision: (revisions[index] as { revision: string }).revision,
      expiry: { in: 600_000, exact: index % 2 === 0 },
    }));
    expect(await backend.touch(touches, within())).toEqual(ids.map(() => ({ status: 'touched' })));
    for (const id of ids) expect((await stored(id)).expires?.getTime()).toBeGreaterThan(Date.now() + 500_000);
    await ours.destroyMany(ids.slice(0, 10));
    expect((await ours.ids()).sort()).toEqual(ids.slice(10).sort());
    await ours.clear();
    expect(await ours.length()).toBe(0);
    for (const id of ids) expect(await theirGet(id)).toBeNull();
  });

  it('what we destroyed is no session to them, also while its grave lasts, and a touch of theirs does not revive it', async () => {
    await ours.set('a', session('ada'));
    await ours.destroy('a');
    expect(await stored('a')).toMatchObject({ session: expect.stringMatching(/^0e\d+$/) });
    expect(await theirGet('a')).toBeFalsy();
    await called((callback) => theirs.touch('a', session('ada') as never, callback));
    expect(await theirGet('a')).toBeFalsy();
    expect(await ours.get('a')).toBeFalsy();
    expect(await ours.length()).toBe(0);
  });

  it('a new session of theirs takes the place of a grave', async () => {
    await ours.set('a', session('ada'));
    await ours.destroy('a');
    await theirSet('a', session('bob'));
    expect(await ours.get('a')).toMatchObject({ user: 'bob' });
  });

  it('what expired with them is gone with us, although it is still there', async () => {
    await theirSet('a', session('ada', 1));
    await new Promise((resolve) => setTimeout(resolve, 10)); // It lives for 1 ms.
    expect(await sessions.countDocuments()).toBe(1);
    expect(await ours.get('a')).toBeFalsy();
    expect(await ours.length()).toBe(0);
    expect(await ours.ids()).toEqual([]);
  });

  it('a session that they keep as an object is an error that says so; it can be destroyed', async () => {
    const asObject = ConnectMongo.create({
      client,
      dbName: database,
      autoRemove: 'disabled',
      stringify: false,
    });
    await theirSet('a', session('ada'), asObject);
    await expect(ours.get('a')).rejects.toMatchObject({
      code: 'BACKEND_FAILED',
      cause: { kind: 'FORMAT', message: expect.stringContaining('stringify: false') },
    });
    await ours.destroy('a');
    expect(await sessions.countDocuments()).toBe(0);
  });

  it('a client of another copy of the driver will do', async () => {
    const require = createRequire(createRequire(import.meta.url).resolve('mongodb-memory-server-core'));
    const other = require('mongodb') as typeof import('mongodb');
    expect(other.MongoClient).not.toBe(MongoClient);
    const theirClient = new other.MongoClient(url);
    const store = new MongoStore({ client: theirClient, database });
    await store.set('a', session('ada'));
    expect(await ours.get('a')).toMatchObject({ user: 'ada' });
    await store.destroy('a');
    expect(await ours.get('a')).toBeFalsy();
    await store.close();
    await theirClient.close();
  });
});
