import { type CacheOptions, InvalidOptionError } from '@session-stores/core';

/** What is used of a `Pool` of pg, told by what it can do: the application's pg may be another copy than ours. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  query(...args: never[]): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** What is used of a client that a pool lends. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean): void;
}

export interface PostgresQuery {
  text: string;
  /** Of a prepared statement. */
  name?: string;
  values?: unknown[];
  rowMode?: 'array';
  types?: { getTypeParser(...args: never[]): (value: string) => string };
}

export interface PostgresResult {
  rowCount: number | null;
  rows: unknown[];
}

export interface PostgresBackendOptions {
  /** A `Pool` of pg. It stays the caller's: `close` leaves it open. Either this or `url`. */
  readonly pool?: PostgresPool | undefined;
  /** `postgres://user:password@host:5432/database`, as in pg. Either this or `pool`. */
  readonly url?: string | undefined;
  /** The schema that the table is in. Default: the first in the connection's search path that has it. */
  readonly schema?: string | undefined;
  /** Default `sessions`. The table `<table>_schema` belongs to it. Both names are quoted: upper and lower case differ. */
  readonly table?: string | undefined;
  /** `false`: a table that is missing or of an older version is an error with the SQL to run. Default `true`. */
  readonly createTable?: boolean | undefined;
  /** `false` behind a pooler that cannot keep them apart, such as PgBouncer before 1.21. Default `true`. */
  readonly preparedStatements?: boolean | undefined;
}

/** The names of `PostgresBackendOptions`. */
export const optionNames = [
  'pool',
  'url',
  'schema',
  'table',
  'createTable',
  'preparedStatements',
] as const satisfies readonly (keyof PostgresBackendOptions)[];

export interface PostgresSettings {
  readonly source: { readonly pool: PostgresPool } | { readonly url: string };
  readonly schema: string | undefined;
  readonly table: string;
  readonly createTable: boolean;
  readonly preparedStatements: boolean;
}

/** What PostgreSQL keeps of a name. Longer ones it cuts off, and two tables would be one. */
const longestName = 63;
/** The longest thing that is put behind the table's name. */
export const versionSuffix = '_schema';

/** @throws InvalidOptionError */
export function postgresSettings(options: PostgresBackendOptions): PostgresSettings {
  const { pool, url, schema, table = 'sessions', createTable = true, preparedStatements = true } = options;
  if ((pool === undefined) === (url === undefined)) {
    throw new InvalidOptionError('pass either pool (a Pool of pg) or url (postgres://…)');
  }
  checkName('table', table, longestName - versionSuffix.length);
  if (schema !== undefined) checkName('schema', schema, longestName);
  for (const [name, value] of Object.entries({ createTable, preparedStatements })) {
    if (typeof value !== 'boolean') throw new InvalidOptionError(`option '${name}' must be true or false`);
  }
  const source = pool === undefined ? { url: checkedUrl(url) } : { pool: checkedPool(pool) };
  return { source, schema, table, createTable, preparedStatements };
}

/**
 * What listens has a connection of its own, for as long as it listens.
 *
 * @throws InvalidOptionError
 */
export function checkCache({ pool, preparedStatements }: PostgresBackendOptions, cache: CacheOptions): void {
  if (cache.maxEntries === 0) return;
  if (preparedStatements === false) {
    throw new InvalidOptionError(
      "option 'cache' needs LISTEN, which a pooler that hands connections from transaction to transaction does not keep (preparedStatements: false): connect to PostgreSQL itself, or pass cache: { maxEntries: 0 }, which only tells others",
    );
  }
  const { max } = Object((pool as { options?: unknown } | undefined)?.options) as { max?: unknown };
  if (max === 1) {
    throw new InvalidOptionError(
      "option 'cache' keeps one connection of the pool for listening, and this pool has no other (max: 1): allow it more",
    );
  }
}

function checkName(option: string, name: unknown, longest: number): void {
  const isName =
    typeof name === 'string' &&
    name !== '' &&
    !name.includes('\0') &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= longest;
  if (isName) return;
  throw new InvalidOptionError(
    `option '${option}' must be a name of 1 to ${longest} bytes${option === 'table' ? `, so that PostgreSQL does not cut off <table>${versionSuffix},` : ''} such as 'sessions'; it is quoted, so pass a schema in option 'schema', not with a dot`,
  );
}

function checkedUrl(url: unknown): string {
  if (typeof url === 'string' && /^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new InvalidOptionError(
    'url must be a string such as postgres://user:password@host:5432/database, with special characters of user and password percent-encoded',
  );
}

function checkedPool(pool: unknown): PostgresPool {
  const { connect, query, on, off, release } = Object(pool);
  const isPool = [connect, query, on, off].every((method) => typeof method === 'function');
  // A Client has all of these too. What a pool counts tells them apart, or what a client gives back.
  if (isPool && typeof release !== 'function' && !('processID' in Object(pool))) return pool as PostgresPool;
  throw new InvalidOptionError(
    'pool must be a Pool of pg: new Pool({ connectionString }), not a Client; for a connection string use url',
  );
}
