import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RedisServer, startFaultProxy, startRedis } from '@session-stores/test-harness';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';

describeWithServer('redis-server', 'a url', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('is connected to by ourselves, and closed', async () => {
    const proxy = await startFaultProxy(server.address);
    onTestFinished(() => proxy.close());
    const [other] = await opened(new RedisBackend({ url: `redis://127.0.0.1:${server.port}` }));
    const [own] = await opened(new RedisBackend({ url: `redis://127.0.0.1:${proxy.address.port}/3` }));
    const write = sample();
    await own.write([write], within());
    expect(await other.read([write.id], within())).toEqual([undefined]);
    expect(await one(own.read([write.id], within()))).toMatchObject({ data: write.data });
    expect(proxy.connections).toBe(1);
    await own.close();
    await expect.poll(() => proxy.connections).toBe(0);
    await other.close();
  });
});

it('a url where nobody listens: the call fails for now', async () => {
  const backend = new RedisBackend({ url: 'redis://127.0.0.1:1' });
  await expect(backend.read(['a'], within(300))).rejects.toMatchObject({ transient: true });
  await backend.close();
});

it('a url without ioredis is a failure for good that says what to install, and a client needs none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-stores-no-ioredis-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [here, scope] = [join(import.meta.dirname, '..'), join(folder, 'node_modules', '@session-stores')];
  await mkdir(scope, { recursive: true });
  await symlink(join(here, '..', 'core'), join(scope, 'core'));
  for (const part of ['package.json', 'dist']) {
    await cp(join(here, part), join(scope, 'redis', part), { recursive: true });
  }
  const program = `
    import { RedisBackend } from '@session-stores/redis';
    const client = { isReady: false, createPool() {}, sendCommand() {}, duplicate() {}, options: {} };
    await new RedisBackend({ client }).close();
    const { kind, transient, message } = await new RedisBackend({ url: 'redis://127.0.0.1:1' })
      .read(['a'], { signal: AbortSignal.timeout(1_000) })
      .catch((error) => error);
    console.log(JSON.stringify({ kind, transient, message }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
  });
  expect(JSON.parse(stdout)).toEqual({
    kind: 'NO_DRIVER',
    transient: false,
    message: expect.stringContaining('npm install ioredis'),
  });
});
