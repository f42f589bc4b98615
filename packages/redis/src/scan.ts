import type { Connection } from './connection.js';
import type { Driver } from './driver.js';
import { RedisFailure, replyFailure } from './redis-failure.js';

// Keys looked at in one step of SCAN: about 0.1 ms of the server's time.
const pageSize = 500;

/**
 * The keys of a single server that begin with `prefix`, page by page. A key may come twice.
 *
 * @throws RedisFailure also where keys may have been missed.
 */
export async function* scanServer(
  connection: Connection,
  signal: AbortSignal,
  prefix: string,
): AsyncGenerator<readonly string[]> {
  const driver = await connection.use(signal, async (current) => current);
  yield* scanNode(connection, signal, driver, driver, prefix);
  // A primary that becomes a replica throws its keys away for those of another, under our cursor and without a word.
  await onSame(connection, signal, driver, () =>
    driver.send(['xdel', prefix, '0-0']).catch((error: Error) => {
      if (error.message.startsWith('READONLY')) throw replyFailure(error.message, false);
    }),
  );
}

/** The keys of one node, which `driver` has the connection to. */
export async function* scanNode(
  connection: Connection,
  signal: AbortSignal,
  driver: Driver,
  node: Driver,
  prefix: string,
): AsyncGenerator<readonly string[]> {
  const pattern = `${escapeGlob(prefix)}*`;
  let cursor = '0';
  do {
    const page = await onSame(connection, signal, driver, () =>
      node.send(['scan', cursor, 'match', pattern, 'count', `${pageSize}`]),
    );
    const [next, keys] = page as [cursor: string, keys: string[]];
    cursor = next;
    if (keys.length > 0) yield keys;
  } while (cursor !== '0');
}

/**
 * Runs a step of a scan on the driver that the scan began on. After a restart or a failover a cursor points anywhere, and
 * records would be missed without a word.
 *
 * @throws RedisFailure
 */
export async function onSame<Result>(
  connection: Connection,
  signal: AbortSignal,
  driver: Driver,
  step: () => Promise<Result>,
): Promise<Result> {
  const result = await connection.use(signal, async (current) =>
    current === driver ? { value: await step() } : undefined,
  );
  if (result === undefined) throw new RedisFailure('CONNECTION', 'the connection was lost during a scan');
  return result.value;
}

/** A prefix is data: in a pattern it stands for itself. */
function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}
