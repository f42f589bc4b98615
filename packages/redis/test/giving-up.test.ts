import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { RedisBackend } from '../src/index.js';
import { all } from './applications.js';

describe.each(all)('a connection that is given up while it is made, with %s', (_, connect) => {
  const sockets = new Set<Socket>();
  let greeting: string;
  let server: Server;
  let port: number;
  beforeAll(async () => {
    // It accepts, reads, and never says a word of Redis.
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.resume();
      socket.write(greeting);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => {
    greeting = '';
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
  });
  afterAll(() => server.close());

  it.each([
    ['its handshake', {}],
    ['its TLS handshake', { tls: {} }],
  ])('is closed in the middle of %s', async (_what, secured) => {
    const { client } = connect({ port, ...secured });
    const backend = new RedisBackend({ client });
    const failure = backend.read(['a'], within()).catch((error: unknown) => error);
    await expect.poll(() => sockets.size).toBe(1);
    await backend.close();
    expect(await failure).toMatchObject({ kind: 'CONNECTION', transient: false });
    // Long before the client would give it up by itself.
    await expect.poll(() => sockets.size, { timeout: 1_000 }).toBe(0);
  });

  it('is closed when it is something else than Redis that answers, and not left to time out', async () => {
    greeting = '220 mail.example.com ESMTP\r\n';
    const { client } = connect({ port });
    const backend = new RedisBackend({ client });
    const failure = await backend.read(['a'], within(1_500)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'CONNECTION', transient: true });
    await backend.close();
    await expect.poll(() => sockets.size).toBe(0);
    expect(String(failure)).not.toMatch(/in time$/);
  });
});
