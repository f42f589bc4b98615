import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { openStore } from '../src/open-store.js';
import { RunningDemo } from '../src/running-demo.js';
import { endSessions, listed, Visitor } from './visitor.js';

const secret = randomBytes(32).toString('hex');

describeWithServer('redis', 'the demo on Redis', (url) => {
  it('tells the whole story', () => {
    const address = new URL(url);
    // A database where no other test of this server has sessions.
    address.pathname = '7';
    return tellStory(address.href, 'Redis on ');
  });
});

describeWithServer('postgres', 'the demo on PostgreSQL', (url) => {
  it('tells the whole story', async () => {
    const name = `demo_${randomBytes(8).toString('hex')}`;
    await administer(`create database ${name}`);
    try {
      const address = new URL(url);
      address.pathname = name;
      await tellStory(address.href, 'PostgreSQL on ');
    } finally {
      await administer(`drop database ${name} with (force)`);
    }
  });

  it('says at the start what cannot work, and not the password', async () => {
    const address = new URL(url);
    address.pathname = 'no_such_database';
    address.password = 'hunter2';
    const settings = { store: address.href, host: '127.0.0.1', port: 0, idleLimit: 60_000, secret };
    const failure = await RunningDemo.start(settings).then(() => undefined, String);
    expect(failure).toMatch(/^MisuseError: PostgreSQL on \S+ cannot be used: .*no_such_database/);
    expect(failure).not.toContain('hunter2');
  });

  async function administer(statement: string): Promise<void> {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(statement);
    await client.end();
  }
});

describeWithServer('mongo', 'the demo on MongoDB', (url) => {
  it('tells the whole story', async () => {
    const address = new URL(url);
    address.pathname = `demo_${randomBytes(8).toString('hex')}`;
    try {
      await tellStory(address.href, 'MongoDB on ');
    } finally {
      const client = new MongoClient(address.href);
      await client.db().dropDatabase();
      await client.close();
    }
  });
});

/** A login with a cart outlives a restart; one that was logged out and one that the operator ended do not. */
async function tellStory(store: string, title: string): Promise<void> {
  const settings = { store, host: '127.0.0.1', port: 0, idleLimit: 60_000, secret };
  const first = await RunningDemo.start(settings);
  expect(first.notices).toEqual([]);
  expect(first.storeTitle).toBe(title + new URL(store).host);
  const [ada, grace, ann] = [1, 2, 3].map((device) => new Visitor(first.url, device)) as [
    Visitor,
    Visitor,
    Visitor,
  ];
  await ada.login('Ada');
  await Promise.all(['Tea', 'Bread', 'Apples', 'Chocolate'].map((item) => ada.add(item)));
  await grace.login('Grace');
  const old = grace.cookie;
  await grace.logout();
  await ann.login('Ann');
  const record = (await listed(first.url)).find(({ user }) => user === 'Ann')?.record;
  expect((await endSessions(first.url, [record])).body).toEqual({ ended: 1 });
  expect((await first.stop()).unfinishedDeletions).toEqual([]);

  const second = await RunningDemo.start(settings);
  const again = (device: number, cookie: string | undefined) => {
    const visitor = new Visitor(second.url, device);
    visitor.cookie = cookie;
    return visitor.session;
  };
  const cart = { Tea: 1, Bread: 1, Apples: 1, Chocolate: 1 };
  expect((await again(1, ada.cookie)).body).toMatchObject({ user: 'Ada', cart });
  expect((await again(2, old)).body.user).toBeNull();
  expect((await again(3, ann.cookie)).body.user).toBeNull();
  expect((await listed(second.url)).map(({ user }) => user)).toEqual(['Ada']);
  await second.store.clear();
  await second.stop();
}

it.each([
  ['redis://ann:hunter2@cache.example:6379/0', 'Redis on cache.example:6379'],
  ['rediss://cache.example', 'Redis on cache.example'],
  ['postgres://ann:hunter2@db.example:5433/shop?sslmode=require', 'PostgreSQL on db.example:5433'],
  ['postgresql://ann@[::1]/shop', 'PostgreSQL on [::1]'],
  ['mongodb://ann:hunter2@db.example/shop?authSource=admin', 'MongoDB on db.example'],
  ['mongodb://ann:hunter2@a.example:1,b.example:2/?replicaSet=rs', 'MongoDB on a.example:1,b.example:2'],
  ['mongodb+srv://ann:hunter2@cluster.example/shop', 'MongoDB on cluster.example'],
])('names %s without its password', async (address, title) => {
  const opened = openStore(address);
  await opened.store.close();
  expect(opened).toMatchObject({ title, path: undefined });
});

it.each([
  'redis://',
  'redis:cache',
  'redis://ann:hunter2@',
  'redis://ann:12/hunter2@cache.example',
  'postgres://ann:hunter2',
  'postgres://ann:12#hunter2@db.example/shop',
  'postgres://ann:12?hunter2@db.example/shop',
  'postgres://ann:hunt@er2@db.example/shop',
  'mongodb://',
  'mongodb:db.example',
  'mongodb://ann:12/hunter2@db.example/shop',
  'mongodb://ann:hunter2@db.example:port/shop',
  'mongodb+srv://ann:hunter2@cluster.example:27017/shop',
])('refuses %s without repeating it', (address) => {
  let message = '';
  try {
    openStore(address);
  } catch (error) {
    message = `${(error as Error).name}: ${(error as Error).message}`;
  }
  expect(message).toMatch(/^MisuseError: the (Redis|PostgreSQL|MongoDB) URL of the store is not valid/);
  expect(message).not.toMatch(/hunt|er2|\b12\b/);
});
