import type { Subject, Surroundings } from '@session-stores/test-harness';
import { ConnectSessionKnexStore } from 'connect-session-knex';
import knex, { type Knex } from 'knex';

const url = new URL(import.meta.url).searchParams.get('url') ?? 'postgres://127.0.0.1:5432/postgres';
const { hostname, port } = new URL(url);

const silent = { warn() {}, error() {}, deprecate() {}, debug() {} };

async function onTheServer(work: (direct: Knex) => Promise<unknown>): Promise<void> {
  const direct = knex({ client: 'pg', connection: url });
  try {
    await work(direct);
  } finally {
    await direct.destroy();
  }
}

export default {
  name: 'connect-session-knex',
  async create({ namespace, address }: Surroundings) {
    // Two that make their table at once get in each other's way: here it is made beforehand.
    const options = { tableName: namespace, cleanupInterval: 0 };
    await onTheServer((direct) => new ConnectSessionKnexStore({ ...options, knex: direct }).ready);
    const through = new URL(url);
    through.host = `${address?.host}:${address?.port}`;
    return new ConnectSessionKnexStore({
      tableName: namespace,
      knex: knex({ client: 'pg', connection: through.href, log: silent }),
      onDbCleanupError: () => {},
    });
  },
  async close(store) {
    const { options, nextDbCleanup, ready } = store as ConnectSessionKnexStore;
    clearTimeout(nextDbCleanup);
    // It looks for its table from the start, and knex calls that off where it is ended meanwhile.
    await ready.catch(() => {});
    await options.knex.destroy();
  },
  supports: {
    network: { host: hostname, port: Number(port || 5432) },
    shared: true,
    processes: import.meta.url,
    // The column takes JSON only; this is a string in which there is none.
    corrupt: (id, { namespace }) =>
      onTheServer((direct) => direct(namespace).where({ sid: id }).update({ sess: '"{not json"' })),
  },
} satisfies Subject;
