import type { Connection } from './connection.js';
import type { Driver } from './redis-client.js';
import { RedisFailure } from './redis-failure.js';

// Keys looked at in one step of SCAN: about 0.1 ms of the server's time.
const pageSize = 500;

/**
 * The keys that begin with `prefix`, page by page, from the server or from each primary of a Cluster. A key may come
 * twice, and one that moves to another node of a Cluster meanwhile may be missed.
 *
 * @throws RedisFailure
 */
export async function* scanKeys(
  connection: Connection,
  signal: AbortSignal,
  prefix: string,
): AsyncGenerator<readonly string[]> {
  const pattern = `${escapeGlob(prefix)}*`;
  const [scanned, nodes] = await connection.use(signal, async (driver) => [driver, nodesOf(driver)] as const);
  for (const node of nodes) {
    let cursor = '0';
    do {
      const page = await connection.use(signal, async (driver) =>
        driver === scanned ? node.scan(cursor, 'MATCH', pattern, 'COUNT', pageSize) : undefined,
      );
      // After a restart or a failover a cursor points anywhere, and records would be missed without a word.
      if (page === undefined) throw new RedisFailure('CONNECTION', 'the connection was lost during a scan');
      const [next, keys] = page;
      cursor = next;
      if (keys.length > 0) yield keys;
    } while (cursor !== '0');
  }
}

/** A prefix is data: in a pattern it stands for itself. */
function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

function nodesOf(driver: Driver): readonly Driver[] {
  return driver.nodes?.('master') ?? [driver];
}
