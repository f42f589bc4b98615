import { run } from './connections.js';
import { failureOf, PostgresFailure } from './postgres-failure.js';
import { type PostgresClient, type PostgresSettings, versionSuffix } from './postgres-options.js';
import { sweepGranule } from './row-states.js';

/** The tables of one store, as they stand in SQL. */
export interface TableNames {
  readonly records: string;
  readonly version: string;
}

/** SQL that takes the tables from one version to the next. */
export type Migration = (names: TableNames) => readonly string[];

/** Number n makes version n + 1 of version n. Only ever appended to: tables of every version exist. */
const migrations: readonly Migration[] = [
  ({ records, version }) => [
    // No JSON: a serializer of the application's may write anything, and text is cheaper to write.
    // Constraints and indexes have no names here: PostgreSQL finds free ones.
    `create table ${records} (
  id text collate "C" primary key,
  data text, -- null: a grave
  birth text not null,
  revision text not null,
  expires_at timestamptz not null,
  sweep_slot bigint generated always as (
    case when isfinite(expires_at)
      then floor(extract(epoch from expires_at - timestamptz 'epoch') / ${sweepGranule})::bigint
    end
  ) stored
) with (fillfactor = 70)`,
    `create index on ${records} (sweep_slot)`,
    `create table if not exists ${version} (version integer not null)`,
  ],
];

/** What the newest version has; a column more, of the application's own, does no harm. */
const recordColumns = [
  'id text',
  'data text',
  'birth text',
  'revision text',
  'expires_at timestamp with time zone',
  'sweep_slot bigint',
];

/** Any constant will do that nobody else locks: "ssc1" in ASCII. All tables share it, so that indexes find free names. */
const creationLock = 0x73736331;

export function tableNames({ schema, table }: Pick<PostgresSettings, 'schema' | 'table'>): TableNames {
  const inSchema = schema === undefined ? '' : `${quoted(schema)}.`;
  return { records: inSchema + quoted(table), version: inSchema + quoted(table + versionSuffix) };
}

/**
 * Makes the tables, or brings them to the newest version: whoever comes first, in one transaction. Nothing that is there
 * is dropped.
 *
 * @param create `false`: what there is to do is not done, but an error with the SQL for it.
 * @throws PostgresFailure
 */
export async function prepareSchema(
  client: PostgresClient,
  names: TableNames,
  create: boolean,
  steps = migrations,
): Promise<void> {
  // Without the lock first: it is the way of every start but one.
  const found = await versionOf(client, names, steps.length);
  if (found === steps.length) return;
  if (!create) throw missing(names, found, steps, "option 'createTable' is false");
  try {
    // Where a connection isolates more strictly, it would go on seeing what there was before it waited for the lock.
    const begin = 'begin isolation level read committed';
    await run(client, { text: `${begin}; select pg_advisory_xact_lock(${creationLock})` });
    const from = await versionOf(client, names, steps.length);
    await run(client, { text: [...statementsFrom(names, from, steps), 'commit'].join(';\n') });
  } catch (error) {
    // Where the connection is broken, the server takes everything back by itself.
    await run(client, { text: 'rollback' }).catch(() => {});
    const failure = failureOf(error);
    if (failure instanceof PostgresFailure && failure.sqlState !== undefined && !failure.transient) {
      throw missing(names, found, steps, failure.message);
    }
    throw failure;
  }
}

/** The version of the tables; 0: there are none. Throws where they are not ours, or newer. */
async function versionOf(client: PostgresClient, names: TableNames, newest: number): Promise<number> {
  const reply = await run(client, { text: lookText }, [names.records, names.version]);
  const [records, version, isStandby] = reply.rows[0] as readonly (string | null)[];
  if (isStandby === 't') {
    throw new PostgresFailure(
      'READ_ONLY',
      'this server is a standby: what it says can be old, and it takes no writes; connect to the primary',
      true,
    );
  }
  if (version === null && records !== null) throw notOurs(names.records);
  if (version !== null && version !== 'version integer') throw notOurs(names.version);
  // Without the table somebody dropped it, and left the other.
  if (version === null || records === null) return 0;
  const { rows } = await run(client, { text: `select max(version) from ${names.version}` });
  const found = Number(rows[0]?.[0] ?? 0);
  if (found > newest) {
    throw new PostgresFailure(
      'SERVER',
      `table ${names.records} has version ${found}, and this version of @session-stores/postgres knows versions up to ${newest}; update the package`,
      false,
    );
  }
  const has = (records as string).split(', ');
  if (found === 0 || !recordColumns.every((column) => has.includes(column))) throw notOurs(names.records);
  return found;
}

const columnsOf = (table: string): string => `(
  select string_agg(attname || ' ' || pg_catalog.format_type(atttypid, atttypmod), ', ')
  from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(${table}) and attnum > 0 and not attisdropped
)`;
const lookText = `select ${columnsOf('$1')}, ${columnsOf('$2')}, pg_catalog.pg_is_in_recovery()`;

function statementsFrom(names: TableNames, from: number, steps: readonly Migration[]): string[] {
  if (from === steps.length) return [];
  return [
    ...steps.slice(from).flatMap((step) => step(names)),
    `delete from ${names.version}`,
    `insert into ${names.version} values (${steps.length})`,
  ];
}

function missing(
  names: TableNames,
  from: number,
  steps: readonly Migration[],
  because: string,
): PostgresFailure {
  const what =
    from === 0
      ? `there is no table ${names.records}`
      : `table ${names.records} has version ${from}, and version ${steps.length} is needed`;
  const statements = ['begin', ...statementsFrom(names, from, steps), 'commit'];
  const remedy = `run this, as a role that may, and grant the store's role select, insert, update and delete on ${names.records}, and select on ${names.version}`;
  return new PostgresFailure(
    'NO_TABLE',
    `${what} (${because}); ${remedy}:\n${statements.join(';\n')};`,
    false,
  );
}

function notOurs(table: string): PostgresFailure {
  return new PostgresFailure(
    'NO_TABLE',
    `the database has a table ${table} that this store did not make; pass another name in option 'table', or rename that table. Nothing was changed`,
    false,
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
