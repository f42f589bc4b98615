import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askRedis } from '../src/servers/ask-redis.js';
import { describeWithServer } from '../src/servers/needs.js';
import { type RedisCluster, startRedisCluster } from '../src/servers/redis-cluster.js';
import { type RedisSentinel, startRedisSentinel } from '../src/servers/redis-sentinel.js';

const folderOf = async (port: number): Promise<string> =>
  ((await askRedis(port, 'config', 'get', 'dir')) as string[])[1] as string;

/** WAIT counts the replicas that have what its own connection wrote. */
async function setOnReplicas(port: number, count: number, value: string): Promise<void> {
  const client = new Redis(port);
  await client.set('key', value);
  expect(await client.wait(count, 10_000)).toBe(count);
  client.disconnect();
}

describeWithServer('redis-server', 'a Redis Cluster of a test', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ masters: 3, replicas: 1, args: ['--appendonly', 'yes'] });
  }, 60_000);
  afterAll(() => cluster.stop());

  it('knows who serves a key', async () => {
    const master = await cluster.masterOf('key');
    expect(await askRedis(master.port, 'set', 'key', 'value')).toBe('OK');
    const [replica, ...more] = await cluster.replicasOf('key');
    expect(more).toEqual([]);
    expect(String(await askRedis(replica?.port ?? 0, 'info', 'replication'))).toContain(
      `master_port:${master.port}`,
    );
    const others = cluster.nodes.filter(({ port }) => port !== master.port);
    for (const { port } of others) await expect(askRedis(port, 'get', 'key')).rejects.toThrow('MOVED');
  });

  it('settles after a master was killed, on its replica, and takes it back as a replica with its data', async () => {
    const old = await cluster.masterOf('key');
    const [replica] = await cluster.replicasOf('key');
    await setOnReplicas(old.port, 1, 'kept');
    await old.kill();
    await cluster.settled();
    expect((await cluster.masterOf('key')).port).toBe(replica?.port);
    await old.restart();
    await cluster.settled();
    expect((await cluster.replicasOf('key')).map(({ port }) => port)).toEqual([old.port]);
    const client = new Redis(old.port);
    await client.readonly();
    expect(await client.get('key')).toBe('kept');
    client.disconnect();
  }, 60_000);

  it('a node that is paused answers nobody, and all that was asked when it is resumed', async () => {
    const [node] = cluster.nodes;
    node?.pause();
    await expect(askRedis(node?.port ?? 0, 'ping')).rejects.toThrow('no answer');
    const client = new Redis(node?.port ?? 0);
    const answer = client.ping();
    node?.resume();
    expect(await answer).toBe('PONG');
    client.disconnect();
    await cluster.settled();
  }, 60_000);

  it('leaves nothing behind', async () => {
    const short = await startRedisCluster({ masters: 1 });
    const [node] = short.nodes;
    expect(await askRedis(node?.port ?? 0, 'set', 'any', 'value')).toBe('OK');
    const folder = await folderOf(node?.port ?? 0);
    await short.stop();
    await expect(askRedis(node?.port ?? 0, 'ping')).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(folder)).toBe(false);
  }, 60_000);
});

describeWithServer('redis-server', 'a Redis of a test behind Sentinel', () => {
  let sentinel: RedisSentinel;
  beforeAll(async () => {
    sentinel = await startRedisSentinel({ replicas: 2, args: ['--appendonly', 'yes'] });
  }, 60_000);
  afterAll(() => sentinel.stop());

  it('settles after the master was killed, on a replica, and takes it back as a replica', async () => {
    const old = await sentinel.master();
    expect(old).toBe(sentinel.nodes[0]);
    await setOnReplicas(old.port, 2, 'value');
    await old.kill();
    await sentinel.settled();
    const master = await sentinel.master();
    expect(master.port).not.toBe(old.port);
    expect(await askRedis(master.port, 'get', 'key')).toBe('value');
    expect(await askRedis(master.port, 'set', 'key', 'newer')).toBe('OK');
    await old.restart();
    await sentinel.settled();
    expect(await sentinel.master()).toBe(master);
    expect(await askRedis(old.port, 'get', 'key')).toBe('newer');
    expect(await sentinel.replicas()).toHaveLength(2);
  }, 90_000);

  it('is found by ioredis', async () => {
    const client = new Redis({ sentinels: [...sentinel.sentinels], name: sentinel.name });
    await client.set('found', 'yes');
    expect(await askRedis((await sentinel.master()).port, 'get', 'found')).toBe('yes');
    client.disconnect();
  });

  it('leaves nothing behind', async () => {
    const short = await startRedisSentinel();
    const ports = [...short.watchers, ...short.nodes].map(({ port }) => port);
    const folders = await Promise.all(short.nodes.map(({ port }) => folderOf(port)));
    await short.stop();
    for (const port of ports) await expect(askRedis(port, 'ping')).rejects.toThrow('ECONNREFUSED');
    expect(folders.filter(existsSync)).toEqual([]);
  }, 60_000);
});

describe('a question to a Redis that is not there', () => {
  it('fails', async () => {
    await expect(askRedis(1, 'ping')).rejects.toThrow('ECONNREFUSED');
  });
});
