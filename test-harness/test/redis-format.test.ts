import { RedisBackend, RedisStore } from '@session-stores/redis';
import { RedisStore as ConnectRedis } from 'connect-redis';
import { Cookie, type SessionData } from 'express-session';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';
import { type RedisServer, startRedis } from '../src/servers/redis.js';

const within = () => ({ signal: AbortSignal.timeout(5_000) });

/** A session as express-session would hand it to a store. */
function session(user: string, maxAge: number | null = 60_000): SessionData {
  const cookie = new Cookie();
  if (maxAge !== null) cookie.maxAge = maxAge;
  return { cookie, user } as unknown as SessionData;
}

describeWithServer('redis-server', 'a fleet that changes from connect-redis to ours', () => {
  let server: RedisServer;
  let client: Redis;
  let theirClient: ReturnType<typeof createClient>;
  let ours: RedisStore;
  let backend: RedisBackend;
  let theirs: ConnectRedis;

  /** The session of a request of theirs, made by express-session from what its store answered. */
  const asRequest = (stored: SessionData) =>
    theirs.createSession({ sessionID: 'a', sessionStore: theirs } as never, stored);

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
    theirClient = createClient({ url: server.url });
    await theirClient.connect();
    ours = new RedisStore({ client });
    backend = new RedisBackend({ client });
    theirs = new ConnectRedis({ client: theirClient });
  });
  beforeEach(async () => {
    await client.flushall();
  });
  afterAll(async () => {
    await ours.close();
    await backend.close();
    client.disconnect();
    theirClient.destroy();
    await server.stop();
  });

  it('we read what they wrote, and see its expiry', async () => {
    await theirs.set('a', session('ada'));
    expect(await ours.get('a')).toMatchObject({ user: 'ada' });
    const [record] = await backend.read(['a'], within());
    expect(record).toMatchObject({ birth: undefined, data: await client.get('sess:a') });
    const { expiresAt } = record as { expiresAt: number };
    expect(Math.abs(expiresAt - (Date.now() + 60_000))).toBeLessThan(1_500);
  });

  it('we read what they wrote without an expiry: it never expires', async () => {
    await new ConnectRedis({ client: theirClient, disableTTL: true }).set('a', session('ada', null));
    const [record] = await backend.read(['a'], within());
    expect(record).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
    expect(await ours.get('a')).toMatchObject({ user: 'ada' });
    expect(await ours.length()).toBe(1);
  });

  it('they read what we wrote, and no cookie that they send has our metadata', async () => {
    await ours.set('a', session('ada'));
    const stored = (await theirs.get('a')) as SessionData;
    expect(stored).toMatchObject({ user: 'ada', cookie: { originalMaxAge: 60_000 } });
    expect(stored.cookie).toHaveProperty('_sessionStores');
    const request = asRequest(stored);
    expect(request.cookie).toHaveProperty('_sessionStores');
    expect(JSON.stringify(request)).not.toContain('_sessionStores');
    expect(
      (request.cookie as unknown as { serialize(name: string, value: string): string }).serialize('sid', 'a'),
    ).not.toContain('_sessionStores');
  });

  it('what they save over ours shows as theirs, with their change and another revision', async () => {
    await ours.set('a', session('ada'));
    const [before] = await backend.read(['a'], within());
    const request = asRequest((await theirs.get('a')) as SessionData);
    await theirs.set('a', Object.assign(request, { cart: ['book'] }));
    const [after] = await backend.read(['a'], within());
    expect(before).toMatchObject({ birth: expect.any(String) });
    expect(after).toMatchObject({ birth: undefined });
    expect((after as { revision: string }).revision).not.toBe((before as { revision: string }).revision);
    expect(await ours.get('a')).toMatchObject({ user: 'ada', cart: ['book'] });
  });

  it('what they wrote is ours from our next save on, with both changes', async () => {
    await theirs.set('a', session('ada'));
    await ours.update('a', (stored) => Object.assign(stored, { cart: ['book'] }));
    expect(await theirs.get('a')).toMatchObject({ user: 'ada', cart: ['book'] });
    expect((await backend.read(['a'], within()))[0]).toMatchObject({ birth: expect.any(String) });
  });

  it('a write of ours that they overtook is a conflict, not an overwrite', async () => {
    await theirs.set('a', session('ada'));
    const [before] = await backend.read(['a'], within());
    await theirs.set('a', session('bob'));
    const { revision } = before as { revision: string };
    const write = {
      id: 'a',
      data: '{}',
      birth: 'birth',
      revision: 'revision',
      expiry: { in: 1_000, exact: true },
      expect: { revision },
    };
    const [answer] = await backend.write([write], within());
    expect(answer).toMatchObject({ status: 'conflict', current: { data: await client.get('sess:a') } });
  });

  it('their sessions can be touched, removed and cleared by us', async () => {
    for (const id of ['a', 'b', 'c']) await theirs.set(id, session(id));
    const stored = (await ours.get('a')) as SessionData;
    await ours.touch('a', Object.assign(stored, { cookie: session('a', 600_000).cookie }));
    expect(await client.pttl('sess:a')).toBeGreaterThan(500_000);
    await ours.destroy('b');
    expect((await ours.ids()).sort()).toEqual(['a', 'c']);
    await ours.clear();
    expect(await ours.length()).toBe(0);
    for (const id of ['a', 'b', 'c']) expect(await theirs.get(id)).toBeFalsy();
  });

  it('what we destroyed is no session to them, also while its grave lasts', async () => {
    await ours.set('a', session('ada'));
    await ours.destroy('a');
    expect(await client.get('sess:a')).toMatch(/^0e\d+$/);
    expect(await theirs.get('a')).toBeFalsy();
    expect(await ours.get('a')).toBeFalsy();
    expect(await ours.length()).toBe(0);
  });

  it('a new session of theirs takes the place of a grave', async () => {
    await ours.set('a', session('ada'));
    await ours.destroy('a');
    await theirs.set('a', session('bob'));
    expect(await ours.get('a')).toMatchObject({ user: 'bob' });
  });
});
