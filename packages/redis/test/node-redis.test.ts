import { mkdtemp, rm } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultProxy, type RedisServer, startFaultProxy, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, type RedisClient } from '../src/index.js';
import { nodeRedisSource } from '../src/node-redis-driver.js';
import { driverFailure } from '../src/redis-failure.js';

describeWithServer('redis-server', 'our own connection beside a client of', () => {
  let folder: string;
  let server: RedisServer;
  let proxy: FaultProxy;
  let admin: Redis;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-stores-socket-'));
    server = await startRedis({ args: ['--unixsocket', join(folder, 'redis.sock')] });
    admin = new Redis(server.port);
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all');
  });
  beforeEach(async () => {
    proxy = await startFaultProxy(server.address);
    await admin.flushall();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await proxy.close();
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function backendOf(client: RedisClient): Promise<[RedisBackend, unknown[]]> {
    const [backend, reported] = await opened(new RedisBackend({ client }));
    ends.push(() => backend.close());
    return [backend, reported];
  }

  /** What the server says of the connections with this name. */
  async function named(name: string): Promise<string[]> {
    const list = String(await admin.client('LIST'));
    return list.split('\n').filter((line) => line.includes(` name=${name} `));
  }

  describe.each([
    ['node-redis 6', createClient],
    ['node-redis 5', createClient5 as unknown as typeof createClient],
  ])('%s', (_, create) => {
    it.each([
      ['its cache', { clientSideCache: { ttl: 0, maxEntries: 0 } }],
      ['a cache of its own', { emitInvalidate: true }],
    ])('keeps nothing of what the application set for its commands and for %s', async (_cache, cached) => {
      const client = create({
        RESP: 3,
        socket: {
          host: '127.0.0.1',
          port: proxy.address.port,
          socketTimeout: 100,
          reconnectStrategy: () => 0,
        },
        name: 'particular',
        readonly: true,
        maintNotifications: 'enabled',
        pingInterval: 10,
        commandsQueueMaxLength: 1,
        ...cached,
        commandOptions: {
          asap: true,
          abortSignal: AbortSignal.abort(),
          typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String },
        },
      });
      await admin.config('RESETSTAT');
      const [backend, reported] = await backendOf(client);
      // More than the socket may be silent, and than between two pings.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const writes = [sample(), sample()];
      await Promise.all(writes.map((write) => backend.write([write], within())));
      const [first] = writes;
      expect(await backend.read([first?.id ?? '', 'nothing'], within())).toEqual([
        expect.objectContaining({ data: first?.data, revision: first?.revision }),
        undefined,
      ]);
      expect(await backend.count(within())).toBe(2);
      const pages: unknown[] = [];
      for await (const page of backend.scan(within())) pages.push(...page);
      expect(pages).toHaveLength(2);
      expect(reported).toEqual([]);
      expect(await named('particular')).toHaveLength(1);
      const stats = await admin.info('commandstats');
      expect(stats).toMatch(/cmdstat_ping:calls=1,/);
      expect(stats).not.toMatch(/cmdstat_(readonly|client\|tracking|client\|maint)/);
    });

    it('takes its address, user, database and name along', async () => {
      const address = { path: join(folder, 'redis.sock'), tls: false as const };
      const common = { database: 3, name: 'ours' };
      const provider = {
        type: 'async-credentials-provider' as const,
        credentials: async () => ({ username: 'app', password: 'pw' }),
      };
      for (const client of [
        create({ socket: address, username: 'app', password: 'pw', ...common }),
        create({ socket: address, credentialsProvider: provider, ...common }),
        create({ url: `redis://app:pw@127.0.0.1:${server.port}/3`, name: 'ours' }),
      ]) {
        const [backend] = await opened(new RedisBackend({ client }));
        await backend.write([sample()], within());
        const [line] = await named('ours');
        expect(line).toMatch(/ db=3 .* user=app /);
        await backend.close();
        await expect.poll(() => named('ours')).toEqual([]);
        expect(client.isOpen).toBe(false);
      }
    });

    it('does not connect again by itself', async () => {
      const client = create({
        socket: { host: '127.0.0.1', port: proxy.address.port, reconnectStrategy: () => 0 },
      });
      const [backend, reported] = await backendOf(client);
      await proxy.setMode('reset');
      await expect.poll(() => reported.length).toBe(1);
      await proxy.setMode('pass');
      for (let call = 0; call < 20; call += 1) {
        expect(await backend.read(['a'], within())).toEqual([undefined]);
      }
      expect(proxy.connections).toBe(1);
      expect(reported).toHaveLength(1);
    });

    it('is not made any more once it was given up, also where its address was not known yet', async () => {
      let answer: (() => void) | undefined;
      const lookup: LookupFunction = (_host, _options, callback) => {
        answer = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
      };
      const client = create({ socket: { host: 'redis.example', port: proxy.address.port, lookup } });
      const backend = new RedisBackend({ client });
      const failure = backend.read(['a'], within()).catch((error: unknown) => error);
      await expect.poll(() => answer).toBeDefined();
      await backend.close();
      answer?.();
      expect(await failure).toMatchObject({ kind: 'CONNECTION', transient: false });
      // A connection that goes through the proxy later than one that was asked for now.
      await backendOf(create({ socket: { host: '127.0.0.1', port: proxy.address.port } }));
      expect(proxy.connections).toBe(1);
    });

    it('says of a command that it was not sent only where that is sure', async () => {
      const client = create({ socket: { host: '127.0.0.1', port: proxy.address.port } });
      const driver = nodeRedisSource(client).open();
      const failureOf = (call: Promise<unknown>) =>
        call.then(
          () => expect.fail('answered'),
          (error: unknown) => driverFailure(error, false),
        );
      const kindOf = async (call: Promise<unknown>) => (await failureOf(call)).kind;
      expect(await kindOf(driver.send(['ping']))).toBe('UNSENT');
      await driver.connect();
      const told: string[] = [];
      driver.on('error', () => told.push('error'));
      const atItsEnd = new Promise((resolve) => {
        driver.on('end', () => {
          told.push('end');
          resolve(kindOf(driver.sendInRow([['ping'], ['ping']])));
        });
      });
      const held = proxy.holdReplies();
      const sent = failureOf(driver.send(['set', 'sent', '1']));
      await held.firstHeld;
      // In the queue of node-redis, which writes at the end of the turn; whether it has done so it does not tell.
      const queued = kindOf(driver.send(['ping']));
      await proxy.setMode('reset');
      expect(await sent).toMatchObject({
        kind: 'CONNECTION',
        message: expect.stringContaining('ECONNRESET'),
      });
      expect(await queued).toBe('CONNECTION');
      expect(await atItsEnd).toBe('UNSENT');
      expect(await admin.get('sent')).toBe('1');
      expect(told).toEqual(['error', 'end']);
      expect(await kindOf(driver.send(['ping']))).toBe('UNSENT');
    });

    it('sends commands in a row as they stand', async () => {
      const driver = nodeRedisSource(create({ url: `redis://127.0.0.1:${server.port}` })).open();
      await driver.connect();
      expect(
        await driver.sendInRow([
          ['incr', 'n'],
          ['incr', 'n'],
          ['get', 'n'],
        ]),
      ).toEqual([1, 2, '2']);
      driver.hangUp();
    });

    it('asks for no more credentials when it is given up', async () => {
      let subscribed = 0;
      const provider = {
        type: 'streaming-credentials-provider' as const,
        subscribe: async () => {
          subscribed += 1;
          return [{ username: 'app', password: 'pw' }, { dispose: () => subscribed-- }] as never;
        },
        onReAuthenticationError: () => {},
      };
      const socket = { host: '127.0.0.1', port: server.port };
      const [backend] = await opened(
        new RedisBackend({ client: create({ socket, credentialsProvider: provider }) }),
      );
      expect(subscribed).toBe(1);
      await backend.close();
      expect(subscribed).toBe(0);
    });

    it('rejects what is on the way when it is given up', async () => {
      const client = create({ socket: { host: '127.0.0.1', port: proxy.address.port } });
      const driver = nodeRedisSource(client).open();
      await driver.connect();
      await proxy.setMode('hang');
      const sent = driver.send(['ping']).catch((error: unknown) => driverFailure(error, false).kind);
      driver.hangUp();
      driver.hangUp();
      expect(await sent).toBe('CONNECTION');
    });
  });

  it('node-redis 6 has its keyPrefix before the prefix', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${server.port}`, keyPrefix: 'app[1]:' });
    const [backend] = await backendOf(client);
    const write = sample();
    await backend.write([write], within());
    expect(await admin.keys('*')).toEqual([`app[1]:sess:${write.id}`]);
    expect(await one(backend.read([write.id], within()))).toMatchObject({ id: write.id });
    expect(await backend.count(within())).toBe(1);
  });
});
