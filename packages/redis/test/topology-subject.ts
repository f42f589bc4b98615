// What child processes import too: it runs as it is, so it imports packages only. The query tells what the subject is on.
import { RedisStore, RetryingRedisStore } from '@session-stores/redis';
import type { Address, Subject, Surroundings } from '@session-stores/test-harness';
import { Cluster, Redis } from 'ioredis';

export interface Where {
  readonly retries: boolean;
  /** Nodes of a Cluster, or sentinels. */
  readonly addresses: readonly Address[];
  /** What the sentinels call the master; without it the addresses are those of a Cluster. */
  readonly name?: string;
  /** The only master, before which the suite's proxy stands: clients are told that its address is the proxy's. */
  readonly network?: Address | undefined;
}

export function subjectOn(where: Where): Subject {
  const { retries, addresses, name, network } = where;
  const Store = retries ? RetryingRedisStore : RedisStore;
  const prefixOf = ({ namespace }: Surroundings): string => `${namespace}:`;

  function clientTo(proxy: Address | undefined): Cluster | Redis {
    const natMap =
      network === undefined || proxy === undefined ? {} : { [`${network.host}:${network.port}`]: proxy };
    const nodes = addresses.map(({ host, port }) => natMap[`${host}:${port}`] ?? { host, port });
    const client =
      name === undefined
        ? new Cluster(nodes, { natMap, lazyConnect: true })
        : new Redis({ sentinels: nodes, name, natMap, lazyConnect: true });
    client.on('error', () => {});
    return client;
  }

  return {
    name: `${Store.name} on ${name === undefined ? 'a Cluster' : 'Sentinel'}`,
    create: (surroundings) =>
      new Store({ client: clientTo(surroundings.address), prefix: prefixOf(surroundings) }),
    supports: {
      network,
      shared: true,
      retries,
      processes: new URL(`?${new URLSearchParams({ where: JSON.stringify(where) })}`, import.meta.url),
      async corrupt(id, surroundings) {
        const client = clientTo(undefined);
        await client.set(prefixOf(surroundings) + id, '{not json', 'KEEPTTL');
        await client.quit();
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams.get('where');
export default query === null ? undefined : subjectOn(JSON.parse(query));
