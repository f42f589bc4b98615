import { connect } from 'node:net';

/** Ms. */
const limit = 2_000;
/** What a CancelRequest begins with: its length, and the code 1234.5678. */
const length = 16;
const code = (1234 << 16) | 5678;

/**
 * Asks the server to stop what a connection is doing, as libpq does: on a connection of its own, without an answer. A
 * statement that waits for a lock would otherwise wait on after its connection was destroyed, in a server process that
 * counts, and retries would fill the server with such. Where it does not arrive, that is what happens. It is the server that
 * ends the connection: a PgBouncer before 1.20 may end itself when the client does (pgbouncer/pgbouncer#801).
 */
export function requestCancel(client: object): void {
  const { host, port, processID, secretKey } = client as Record<string, unknown>;
  if (typeof processID !== 'number' || typeof secretKey !== 'number') return;
  if (typeof host !== 'string' || typeof port !== 'number') return;
  const request = Buffer.alloc(length);
  for (const [index, word] of [length, code, processID, secretKey].entries()) {
    request.writeInt32BE(word, 4 * index);
  }
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.unref();
  socket.setTimeout(limit, () => socket.destroy());
  socket.on('error', () => {});
  socket.write(request);
  socket.resume();
}
