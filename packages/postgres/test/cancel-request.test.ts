import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { requestCancel } from '../src/cancel-request.js';

it('a cancel request leaves it to the server to end its connection', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const { port } = server.address() as AddressInfo;
  requestCancel({ host: '127.0.0.1', port, processID: 7, secretKey: 9 });
  const [socket] = (await connected) as [Socket];
  let hasLeft = false;
  socket.on('end', () => {
    hasLeft = true;
  });
  const [request] = (await once(socket, 'data')) as [Buffer];
  expect([0, 4, 8, 12].map((offset) => request.readInt32BE(offset))).toEqual([16, 80877102, 7, 9]);
  await delay(50);
  expect(hasLeft).toBe(false);
  socket.end();
  await once(socket, 'close');
  expect(hasLeft).toBe(true);
  server.close();
});

it('a cancel request that nobody takes ends nobody', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const thrown: unknown[] = [];
  const note = (error: unknown) => thrown.push(error);
  process.on('uncaughtException', note);
  requestCancel({ host: '127.0.0.1', port, processID: 7, secretKey: 9 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  process.off('uncaughtException', note);
  expect(thrown).toEqual([]);
});

it('a cancel request goes to a socket where the connection does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'session-stores-cancel-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = createServer().listen(join(folder, '.s.PGSQL.5432'));
  await once(server, 'listening');
  const connected = once(server, 'connection');
  requestCancel({ host: folder, port: 5432, processID: 7, secretKey: 9 });
  const [socket] = (await connected) as [Socket];
  const [request] = (await once(socket, 'data')) as [Buffer];
  expect(request.readInt32BE(8)).toBe(7);
  socket.destroy();
  server.close();
});
