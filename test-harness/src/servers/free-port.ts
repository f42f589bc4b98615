import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const attempts = 100;
/** As many ports as one process has in use at once, and more. */
const mostReservations = 200;
/** Oldest first. */
const reservations: Socket[] = [];

/**
 * A port of 127.0.0.1 on which nobody listens. It is below the range from which systems take the ports of outgoing
 * connections (32768 on Linux, 49152 elsewhere): whoever stops listening on it for a while gets it back afterwards. Nor
 * does another process get it from this function meanwhile: as a sign, this one has the UDP port of the same number.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (!(await reserve(port))) continue;
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port on 127.0.0.1 among ${attempts} tried between 20000 and 32000`);
}

async function reserve(port: number): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false }).unref();
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
  } catch {
    socket.close();
    return false;
  }
  reservations.push(socket);
  if (reservations.length > mostReservations) reservations.shift()?.close();
  return true;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
