import { type ClusterView, Moves, parseOwnView } from './cluster-view.js';
import type { Connection } from './connection.js';
import type { Driver } from './driver.js';
import { RedisFailure } from './redis-failure.js';
import { onSame, scanNode } from './scan.js';

/**
 * The keys of a Cluster that begin with `prefix`, page by page. A key may come twice.
 *
 * Slots may move meanwhile. A key that moves is missed where it goes to before that node is looked at, and comes from after
 * that. So when all nodes have been looked at, the nodes that got slots are looked at once more if they were looked at
 * before those that gave them: whatever had left the one then is at the other now.
 *
 * @throws RedisFailure also where keys may have been missed: a primary that is down or was replaced, slots that moved to
 * and fro.
 */
export async function* scanCluster(
  connection: Connection,
  signal: AbortSignal,
  prefix: string,
): AsyncGenerator<readonly string[]> {
  const driver = await connection.use(signal, async (current) => current);
  const moves = new Moves(await look(connection, signal, driver));
  const looks = new Looks();
  let due: readonly string[] = [...moves.view.nodes.keys()];
  while (due.length > 0) {
    for (const id of due) {
      const node = moves.view.nodes.get(id)?.driver as Driver;
      looks.begin(id);
      yield* scanNode(connection, signal, driver, node, prefix);
      looks.end(id);
    }
    moves.follow(await look(connection, signal, driver));
    due = moves.pairs.filter(([from, to]) => looks.missed(from, to)).map(([, to]) => to);
    due = [...new Set(due)];
  }
}

/** In which order the nodes were looked at. */
class Looks {
  readonly #lastBegun = new Map<string, number>();
  readonly #firstEnded = new Map<string, number>();
  #steps = 0;

  begin(id: string): void {
    this.#steps += 1;
    this.#lastBegun.set(id, this.#steps);
  }

  end(id: string): void {
    this.#steps += 1;
    if (!this.#firstEnded.has(id)) this.#firstEnded.set(id, this.#steps);
  }

  /** Whether a key that went from the one node to the other may not have been seen at either. */
  missed(from: string, to: string): boolean {
    return (this.#lastBegun.get(to) ?? 0) < (this.#firstEnded.get(from) ?? Number.POSITIVE_INFINITY);
  }
}

/** What each primary says of itself. */
async function look(connection: Connection, signal: AbortSignal, driver: Driver): Promise<ClusterView> {
  const views = await onSame(connection, signal, driver, () =>
    Promise.all(
      (driver.nodes?.('master') ?? []).map(async (node) => ({
        driver: node,
        ...parseOwnView(String(await node.send(['cluster', 'nodes']))),
      })),
    ),
  );
  const nodes = new Map(views.map((view) => [view.id, view]));
  const demoted = views.some(({ isMaster }) => !isMaster);
  // One that is down or new: the driver learns of it only when it begins anew.
  const unknown = views.flatMap(({ masters }) => masters).some((id) => !nodes.has(id));
  if (demoted || unknown || views.length === 0) {
    connection.renew(driver);
    throw new RedisFailure('CLUSTERDOWN', 'not all primaries of the Cluster can be asked for their keys');
  }
  return { nodes };
}
