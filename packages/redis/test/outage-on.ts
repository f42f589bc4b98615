import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failureOf, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeOutages } from '../../../test-harness/src/own-tests/outages.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';
import type { Application, Connect } from './applications.js';

/** What an application with such a client sees of outages. */
export function outageOn(name: string, connect: Connect): void {
  describeWithServer('redis-server', `an outage, with ${name}`, () => {
    let server: RedisServer;
    let application: Application;
    beforeAll(async () => {
      server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    });
    afterAll(() => server.stop());

    const outage = describeOutages({
      server: () => server,
      backend({ port }) {
        application = connect({ port });
        return new RedisBackend({ client: application.client });
      },
      end: () => application.end(),
      unreachable: { kind: 'CONNECTION', says: 'ECONNREFUSED', after: 1_000 },
      silence: { connections: 1, calls: 1, endsWithin: 1_200 },
      expiryOff: 50,
      backWithin: 10_000,
    });

    it('a scan that loses its connection fails: it would miss records', async () => {
      const { backend, proxy } = outage;
      const writes = Array.from({ length: 500 }, () => sample());
      await backend.write(writes, within());
      await backend.write(
        writes.map(() => sample()),
        within(),
      );
      const pages = backend.scan(within());
      await pages.next();
      await proxy.setMode('reset');
      await proxy.setMode('pass');
      expect(await failureOf(pages.next())).toMatchObject({ kind: 'CONNECTION', transient: true });
    });

    it('a connection that breaks while idle is replaced; what it said is reported', async () => {
      const { backend, proxy, reported } = outage;
      await proxy.setMode('reset');
      await expect.poll(() => reported.length).toBeGreaterThan(0);
      expect(reported[0]).toMatchObject({ name: 'RedisFailure', kind: 'CONNECTION' });
      await proxy.setMode('pass');
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('closing ends our connections and leaves the client of the application open', async () => {
      const { backend, proxy } = outage;
      await application.connect();
      await expect.poll(() => proxy.connections).toBe(2);
      await backend.close();
      await expect.poll(() => proxy.connections).toBe(1);
      expect(await application.ping()).toBe('PONG');
      expect(await failureOf(backend.read(['a'], within()))).toMatchObject({ transient: false });
    });
  });
}
