// What every process of the soak imports: it runs as it is, so it imports packages only. The query of its URL tells which store
// it is, in which form, where, and with which options.
import type { SessionStoreOptions } from '@session-stores/core';
import type { Address, Subject } from '@session-stores/test-harness';

const query = new URL(import.meta.url).searchParams;
const form = query.get('form') === 'plain' ? '' : 'Retrying';
/** The URL of a server, or the path of a file. */
const where = query.get('where') ?? '';
const options = JSON.parse(query.get('options') ?? '{}') as SessionStoreOptions;

/** The same server, by the way of a process that has an address of its own to reach it. */
function by(address: Address | undefined): string {
  const url = new URL(where);
  url.host = `${address?.host}:${address?.port}`;
  return url.href;
}

function network(defaultPort: number) {
  const { hostname: host, port } = new URL(where);
  return {
    network: { host, port: Number(port || defaultPort) },
    processes: import.meta.url,
    retries: form !== '',
  };
}

const subjects: Record<string, () => Promise<Subject>> = {
  async memory() {
    const Store = (await import('@session-stores/memory'))[`${form}MemoryStore`];
    return { name: Store.name, create: () => new Store(options) };
  },
  async sqlite() {
    const Store = (await import('@session-stores/sqlite'))[`${form}SqliteStore`];
    return {
      name: Store.name,
      create: () => new Store({ ...options, path: where }),
      supports: { processes: import.meta.url, retries: form !== '' },
    };
  },
  async redis() {
    const Store = (await import('@session-stores/redis'))[`${form}RedisStore`];
    return {
      name: Store.name,
      create: ({ address, namespace }) =>
        new Store({ ...options, url: by(address), prefix: `${namespace}:` }),
      supports: network(6379),
    };
  },
  async postgres() {
    const Store = (await import('@session-stores/postgres'))[`${form}PostgresStore`];
    return {
      name: Store.name,
      create: ({ address, namespace }) => new Store({ ...options, url: by(address), table: namespace }),
      supports: network(5432),
    };
  },
  async mongo() {
    const Store = (await import('@session-stores/mongo'))[`${form}MongoStore`];
    return {
      name: Store.name,
      create({ address, namespace }) {
        const url = new URL(by(address));
        // The driver would go on to the address that a member of a replica set has among the others, past the proxy.
        url.searchParams.delete('replicaSet');
        url.searchParams.set('directConnection', 'true');
        // A server alone that is killed keeps, before MongoDB 5, only what it was asked to have in its journal.
        const writeConcern = { journal: true };
        return new Store({ ...options, url: url.href, collection: namespace, writeConcern });
      },
      supports: network(27_017),
    };
  },
};

const subject = subjects[query.get('store') ?? ''];
if (subject === undefined) throw new Error(`store-module.ts: no store '${query.get('store')}'`);
export default await subject();
