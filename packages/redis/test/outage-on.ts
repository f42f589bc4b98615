import { type FaultProxy, type RedisServer, startFaultProxy, startRedis } from '@session-stores/test-harness';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';
import type { Application, Connect } from './applications.js';

/** What an application with such a client sees of outages. */
export function outageOn(name: string, connect: Connect): void {
  describeWithServer('redis-server', `an outage, with ${name}`, () => {
    let server: RedisServer;
    let proxy: FaultProxy;
    let application: Application;
    let backend: RedisBackend;
    let reported: unknown[];
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);

    beforeAll(async () => {
      process.on('unhandledRejection', note);
      server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    });
    beforeEach(async () => {
      proxy = await startFaultProxy(server.address);
      application = connect({ port: proxy.address.port });
      [backend, reported] = await opened(new RedisBackend({ client: application.client }));
    });
    afterEach(async () => {
      await backend.close();
      application.end();
      await proxy.close();
      expect(unhandled).toEqual([]);
    });
    afterAll(async () => {
      process.off('unhandledRejection', note);
      await server.stop();
    });

    const failureOf = (call: Promise<unknown>) =>
      call.then(
        () => expect.fail('succeeded'),
        (error: unknown) => error,
      );

    /** Nobody listens any more, and the backend has noticed: what it sends from now on waits for a connection. */
    const refuse = async () => {
      await proxy.setMode('refuse');
      await expect.poll(() => reported.length).toBeGreaterThan(0);
    };

    it('a call waits for the connection and succeeds', async () => {
      await refuse();
      const written = one(backend.write([sample()], within()));
      expect(await Promise.race([written, nothing(300)])).toBe('nothing');
      await proxy.setMode('pass');
      expect(await written).toEqual({ status: 'written' });
    });

    it('a call whose time is up without a connection fails for now, and nothing of it is sent later', async () => {
      const write = sample();
      await refuse();
      const failure = await failureOf(backend.write([write], within(1_000)));
      expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
      expect(String(failure)).toContain('ECONNREFUSED');
      await proxy.setMode('pass');
      expect(await backend.read([write.id], within())).toEqual([undefined]);
    });

    it('connections that are silent for good are given up; the next call has a new one', async () => {
      const write = sample();
      await backend.write([write], within());
      await proxy.setMode('silence');
      const started = performance.now();
      expect(await failureOf(backend.read([write.id], within(200)))).toMatchObject({
        kind: 'TIMEOUT',
        transient: true,
      });
      expect(await one(backend.read([write.id], within(1_000)))).toMatchObject({ data: write.data });
      expect(performance.now() - started).toBeLessThan(1_200);
    });

    it('a server that accepts and never answers costs no more than the time of the call', async () => {
      await backend.close();
      await proxy.setMode('hang');
      const late = new RedisBackend({ client: application.client });
      const failure = await failureOf(late.read(['a'], within(300)));
      expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
      await proxy.setMode('pass');
      expect(await late.read(['a'], within())).toEqual([undefined]);
      await late.close();
    });

    it('a call that waits on a slow connection keeps it when the time of another is up', async () => {
      proxy.setDelay(200);
      const patient = backend.read(['a'], within(2_000));
      expect(await failureOf(backend.read(['b'], within(100)))).toMatchObject({ kind: 'TIMEOUT' });
      expect(await patient).toEqual([undefined]);
    });

    it('a reply that is cut off is a failure that passes, and the work is done once', async () => {
      const write = sample();
      await proxy.setMode('cutReplies');
      expect(await failureOf(backend.write([write], within(1_000)))).toMatchObject({ transient: true });
      await proxy.setMode('pass');
      expect(await one(backend.read([write.id], within()))).toMatchObject({ revision: write.revision });
    });

    it('an expiry counts from the call, not from when a connection was there', async () => {
      const write = sample({ expiry: { in: 5_000, exact: true } });
      await refuse();
      const called = Date.now();
      const written = backend.write([write], within());
      expect(await Promise.race([written, nothing(400)])).toBe('nothing');
      await proxy.setMode('pass');
      expect(await one(written)).toEqual({ status: 'written' });
      const { expiresAt } = (await one(backend.read([write.id], within()))) as { expiresAt: number };
      expect(Math.abs(expiresAt - (called + 5_000))).toBeLessThan(50);
    });

    it('after a SIGKILL of the server calls fail for now; after its restart all is as it was', async () => {
      const write = sample();
      await backend.write([write], within());
      await server.kill();
      expect(await failureOf(backend.read([write.id], within(300)))).toMatchObject({ transient: true });
      const waiting = backend.read([write.id], within(10_000));
      await server.restart();
      expect(await one(waiting)).toMatchObject({ data: write.data, revision: write.revision });
    });

    it('a scan that loses its connection fails: it would miss records', async () => {
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
      await proxy.setMode('reset');
      await expect.poll(() => reported.length).toBeGreaterThan(0);
      expect(reported[0]).toMatchObject({ name: 'RedisFailure', kind: 'CONNECTION' });
      await proxy.setMode('pass');
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('closing ends our connections and leaves the client of the application open', async () => {
      await application.connect();
      await expect.poll(() => proxy.connections).toBe(2);
      await backend.close();
      await expect.poll(() => proxy.connections).toBe(1);
      expect(await application.ping()).toBe('PONG');
      expect(await failureOf(backend.read(['a'], within()))).toMatchObject({ transient: false });
    });
  });
}

/** There is no event for "has not answered yet". */
function nothing(milliseconds: number): Promise<'nothing'> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, 'nothing'));
}
