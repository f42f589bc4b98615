import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import type { Address } from '@session-stores/test-harness';

/** What clients sent to a server in each tenth of a second. */
export interface TrafficMeter {
  readonly address: Address;
  /** Bytes that reached the server in that time, in ms on the clock of `performance`. */
  bytesBetween(from: number, to: number): number;
  close(): Promise<void>;
}

/** Puts a relay before `upstream` that counts what passes on to it. */
export async function startTrafficMeter(upstream: Address): Promise<TrafficMeter> {
  const passed: { readonly at: number; readonly bytes: number }[] = [];
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = dial(upstream);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    client.on('data', ({ length }) => passed.push({ at: performance.now(), bytes: length }));
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    address: { host: '127.0.0.1', port: (relay.address() as AddressInfo).port },
    bytesBetween: (from, to) =>
      passed.filter(({ at }) => at >= from && at < to).reduce((sum, { bytes }) => sum + bytes, 0),
    async close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      relay.close();
      await once(relay, 'close');
    },
  };
}
