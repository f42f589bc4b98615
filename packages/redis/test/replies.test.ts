import { inspect } from 'node:util';
import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend, type RedisClient, RedisFailure } from '../src/index.js';
import { newest } from './applications.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function server(...settings: string[]): Promise<RedisServer> {
  const running = await startRedis({ args: settings });
  ends.push(() => running.stop());
  return running;
}

function connected(port: number): Redis {
  const client = new Redis(port);
  client.on('error', () => {});
  ends.push(() => client.disconnect());
  return client;
}

async function backendOf(client: RedisClient): Promise<RedisBackend> {
  const [backend] = await opened(new RedisBackend({ client }));
  ends.push(() => backend.close());
  return backend;
}

/** What a call failed with, which must give away neither an id nor data. */
async function failureOf(call: Promise<readonly unknown[]>, backend: RedisBackend): Promise<RedisFailure> {
  const failure = await call.then(
    (answers) => (answers[0] as { error?: unknown }).error,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(RedisFailure);
  expect(inspect(failure, { showHidden: true, depth: 9 })).not.toMatch(/sess:|id-\d|birth-\d|cookie|"made"/);
  expect(backend.isTransient(failure)).toBe((failure as RedisFailure).transient);
  return failure as RedisFailure;
}

for (const [name, connect] of newest) {
  describeWithServer('redis-server', `a server that refuses, with ${name}`, () => {
    const application = (port: number, credentials: { username?: string; password?: string } = {}) =>
      connect({ port, ...credentials }).client;

    it('READONLY: a replica is asked for nothing, a read included, and that passes', async () => {
      const primary = await server();
      const replica = await server('--replicaof', `127.0.0.1 ${primary.port}`);
      const backend = await backendOf(application(replica.port));
      const { id, birth } = sample();
      for (const call of [
        backend.read([id], within()),
        backend.read(Array(20).fill(id), within()),
        backend.write([sample()], within()),
        backend.write([sample({ expect: { revision: 'gone' } })], within()),
        backend.touch([{ id, revision: 'r', expiry: { in: 1, exact: true } }], within()),
        backend.remove([{ id, birth, grace: 1 }], within()),
      ]) {
        expect(await failureOf(call, backend)).toMatchObject({ kind: 'READONLY', transient: true });
      }
      // Nor counts it what it has, which may be about to be thrown away.
      await expect(backend.count(within())).rejects.toMatchObject({ kind: 'READONLY', transient: true });
    });

    it('READONLY: after a failover the next call goes to whoever is primary now', async () => {
      const running = await server();
      const admin = connected(running.port);
      const backend = await backendOf(application(running.port));
      await admin.replicaof('127.0.0.1', 1);
      expect(await failureOf(backend.write([sample()], within()), backend)).toMatchObject({
        kind: 'READONLY',
      });
      await admin.replicaof('NO', 'ONE');
      expect(await one(backend.write([sample()], within()))).toEqual({ status: 'written' });
    });

    it('OOM: a write fails for good, a removal succeeds and leaves its grave', async () => {
      const running = await server('--maxmemory-policy', 'noeviction');
      const admin = connected(running.port);
      const backend = await backendOf(application(running.port));
      const write = sample({ data: `{"cookie":{},"text":"${'x'.repeat(5_000)}"}` });
      await backend.write([write], within());
      await admin.config('SET', 'maxmemory', '1');
      const failed = backend.write([sample(), sample()], within());
      expect(await failureOf(failed, backend)).toMatchObject({ kind: 'OOM', transient: false });
      const { id, birth } = write;
      expect(await one(backend.remove([{ id, birth, grace: 60_000 }], within()))).toEqual({
        status: 'removed',
      });
      expect(await backend.write([write], within())).toEqual([{ status: 'gone' }]);
    });

    it('LOADING: it is waited for, and a failure that passes for a user who may not ask for it', async () => {
      // ioredis warns of it.
      const warning = vi.spyOn(console, 'warn').mockImplementation(() => {});
      onTestFinished(() => warning.mockRestore());
      const blind = '--user blind on >pw ~* +@all -ping -info'.split(' ');
      const running = await server(...blind);
      const filler = connected(running.port);
      await filler.mset(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`filler${i}`, 'x'])));
      await filler.save();
      await running.kill();
      // 5 ms a key: the server is up and says for a second and a half that it is loading.
      const loaded = running.restart([
        ...blind,
        '--key-load-delay',
        '5000',
        '--loading-process-events-interval-bytes',
        '1024',
      ]);
      const patient = new RedisBackend({ client: application(running.port) });
      ends.push(() => patient.close());
      const awaited = patient.read(['a'], within(10_000));
      awaited.catch(() => {});
      const backend = await backendOf(application(running.port, { username: 'blind', password: 'pw' }));
      const failure = await failureOf(backend.read(['a'], within()), backend);
      expect(failure).toMatchObject({ kind: 'LOADING', transient: true });
      expect(await awaited).toEqual([undefined]);
      await loaded;
    });

    it('a server that has no room for another client is waited for', async () => {
      const running = await server();
      const admin = connected(running.port);
      await admin.config('SET', 'maxclients', '1');
      const backend = new RedisBackend({ client: application(running.port) });
      ends.push(() => backend.close());
      // Not MAX_CLIENTS: whether what the server said arrives before the end of the connection is up to the network.
      const failure = await failureOf(backend.read(['a'], within(300)), backend);
      expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
      const waiting = backend.read(['a'], within());
      await admin.config('SET', 'maxclients', '10');
      expect(await waiting).toEqual([undefined]);
    });

    it('WRONGTYPE: one key of another type fails alone, in every primitive', async () => {
      const running = await server();
      const admin = connected(running.port);
      const backend = await backendOf(application(running.port));
      const [bad, good] = [sample(), sample()];
      await admin.hset(`sess:${bad.id}`, 'field', 'value');
      const expiry = { in: 5_000, exact: false };
      const calls = [
        () => backend.write([bad, good], within()),
        () => backend.read([bad.id, good.id], within()),
        () =>
          backend.touch(
            [bad, good].map(({ id, revision }) => ({ id, revision, expiry })),
            within(),
          ),
        () =>
          backend.remove(
            [bad, good].map(({ id, birth }) => ({ id, birth, grace: 5 })),
            within(),
          ),
      ];
      for (const call of calls) {
        const answers = call();
        expect(await failureOf(answers, backend)).toMatchObject({ kind: 'WRONGTYPE', transient: false });
        expect((await answers)[1]).not.toHaveProperty('error');
      }
      expect(await admin.hgetall(`sess:${bad.id}`)).toEqual({ field: 'value' });
    });

    it('BUSY: while another script runs too long, it passes', async () => {
      const running = await server('--busy-reply-threshold', '1');
      const backend = await backendOf(application(running.port));
      await backend.read(['a'], within());
      const admin = connected(running.port);
      const busy = connected(running.port).eval('while true do end', 0);
      const ended = expect(busy).rejects.toThrow();
      await expect.poll(() => admin.ping().catch((error: Error) => error.message)).toContain('BUSY');
      expect(await failureOf(backend.read(['a'], within()), backend)).toMatchObject({
        kind: 'BUSY',
        transient: true,
      });
      await admin.script('KILL');
      await ended;
      expect(await backend.read(['a'], within())).toEqual([undefined]);
    });

    it('NOSCRIPT: the scripts are loaded again, without anybody noticing', async () => {
      const running = await server();
      const admin = connected(running.port);
      const backend = await backendOf(application(running.port));
      const write = sample();
      expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
      await admin.script('FLUSH');
      expect(await one(backend.read([write.id], within()))).toMatchObject({ data: write.data });
      const many = Array.from({ length: 20 }, (_, place) => (place === 0 ? write.id : `${place}`));
      expect(await one(backend.read(many, within()))).toMatchObject({ data: write.data });
      expect(await admin.script('EXISTS', '0'.repeat(40))).toEqual([0]);
    });

    it('NOPERM: a user who may not run scripts is told so, for good', async () => {
      const running = await server();
      const admin = connected(running.port);
      await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '+@all', '-evalsha', '-eval');
      const backend = await backendOf(application(running.port, { username: 'app', password: 'pw' }));
      const failure = await failureOf(backend.read(['a'], within()), backend);
      expect(failure).toMatchObject({ kind: 'NOPERM', transient: false });
    });

    it('an unknown command: the reply is cut before the arguments that it repeats', async () => {
      const running = await server('--rename-command', 'EVALSHA', '');
      const backend = await backendOf(application(running.port));
      const failure = await failureOf(backend.read(['id-secret'], within()), backend);
      expect(failure).toMatchObject({ kind: 'REPLY', transient: false });
      expect(failure.message).not.toContain('secret');
    });

    for (const [what, password] of [
      ['a wrong password', 'wrong'],
      ['no password', undefined],
    ] as const) {
      it(`${what}: fails at once and for good, and the password is not in the error`, async () => {
        const running = await server('--requirepass', 'right');
        const client = application(running.port, password === undefined ? {} : { password });
        const backend = new RedisBackend({ client });
        ends.push(() => backend.close());
        const started = performance.now();
        const failure = await failureOf(backend.read(['a'], within()), backend);
        expect(performance.now() - started).toBeLessThan(2_000);
        expect(failure.kind).toMatch(/^(WRONGPASS|NOAUTH)$/);
        expect(failure.transient).toBe(false);
        expect(inspect(failure, { showHidden: true })).not.toContain('wrong,');
      });
    }
  });
}
