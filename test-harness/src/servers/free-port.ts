import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const attempts = 100;

/**
 * A port of 127.0.0.1 on which nobody listens. It is below the range from which systems take the ports of outgoing
 * connections (32768 on Linux, 49152 elsewhere): whoever stops listening on it for a while gets it back afterwards.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port on 127.0.0.1 among ${attempts} tried between 20000 and 32000`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
