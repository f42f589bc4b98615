import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { freePort } from '../../../test-harness/src/servers/free-port.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';
import { all, newest } from './applications.js';
import { authority, tlsSettings } from './tls-settings.js';

async function works(backend: RedisBackend): Promise<void> {
  await opened(backend);
  const write = sample();
  expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
  expect(await one(backend.read([write.id], within()))).toMatchObject({ data: write.data });
  await backend.close();
}

describeWithServer('redis-server', 'TLS', () => {
  const settings = tlsSettings();

  describe('on one server', () => {
    let server: RedisServer;
    let port: number;
    beforeAll(async () => {
      port = await freePort();
      server = await startRedis({ args: [...settings(), '--tls-port', `${port}`] });
    });
    afterAll(() => server.stop());

    it.each(all)(
      'the tls options of a client go along to our own connection, with %s',
      async (_, connect) => {
        await works(new RedisBackend({ client: connect({ port, tls: { ca: authority } }).client }));
      },
    );

    it.each(newest)(
      'a certificate that nobody vouches for is refused, and the failure says so, with %s',
      async (_, connect) => {
        const backend = new RedisBackend({ client: connect({ port, tls: {} }).client });
        const failure = await backend.read(['a'], within(500)).catch((error: unknown) => error);
        expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
        expect(String(failure)).toMatch(/self-signed certificate/);
        await backend.close();
      },
    );

    it('a rediss:// url connects with TLS, and trusts whom Node trusts', async () => {
      const url = `rediss://127.0.0.1:${port}`;
      const stranger = new RedisBackend({ url });
      await expect(stranger.read(['a'], within(500))).rejects.toThrow(/self-signed certificate/);
      await stranger.close();
      const trusted = getCACertificates('default');
      setDefaultCACertificates([...trusted, authority]);
      try {
        await works(new RedisBackend({ url }));
      } finally {
        setDefaultCACertificates(trusted);
      }
    });
  });

  it('the tls options of a Cluster go along to each node', async () => {
    const port = await freePort();
    const args = [...settings(), '--tls-port', `${port}`, '--tls-cluster', 'yes', '--cluster-enabled', 'yes'];
    // A node learns its own address from others, and there are none.
    args.push('--cluster-port', `${await freePort()}`, '--cluster-announce-ip', '127.0.0.1');
    const server = await startRedis({ args });
    const admin = new Redis(server.port);
    await admin.call('cluster', 'addslotsrange', 0, 16_383);
    await expect.poll(() => admin.call('cluster', 'info'), { timeout: 10_000 }).toContain('cluster_state:ok');
    admin.disconnect();
    const client = new Cluster([{ host: '127.0.0.1', port }], {
      redisOptions: { tls: { ca: authority } },
      lazyConnect: true,
    });
    const backend = new RedisBackend({ client });
    expect(await backend.count(within())).toBe(0);
    await works(backend);
    await server.stop();
  });
});
