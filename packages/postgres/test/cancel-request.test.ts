import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
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
