import { BackendError } from '@session-stores/core';
import { inTransaction } from './connection.js';
import type { SqliteDatabase } from './sqlite-options.js';

/** The tables of one store, as they stand in SQL. */
export interface TableNames {
  readonly records: string;
  readonly graves: string;
}

interface Layout extends TableNames {
  readonly version: string;
  readonly byExpiry: string;
  readonly byEnd: string;
}

/**
 * Number n takes a database from version n to n + 1. Only ever appended to: databases of every version exist. Data stand last:
 * on the pages that long ones go on to is then nothing that a touch or a removal has to read.
 */
const migrations: readonly ((layout: Layout) => string)[] = [
  ({ records, graves, version, byExpiry, byEnd }) => `
    CREATE TABLE ${records} (
      id TEXT PRIMARY KEY NOT NULL,
      expires_at REAL NOT NULL, -- epoch ms
      birth TEXT NOT NULL,
      revision TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX ${byExpiry} ON ${bare(records)} (expires_at);
    CREATE TABLE IF NOT EXISTS ${graves} (
      id TEXT NOT NULL,
      birth TEXT NOT NULL,
      ends_at REAL NOT NULL, -- epoch ms
      PRIMARY KEY (id, birth)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ${byEnd} ON ${bare(graves)} (ends_at);
    CREATE TABLE IF NOT EXISTS ${version} (version INTEGER NOT NULL) STRICT;
  `,
];

/** The columns that the newest version has, by the suffix of the table's name, in the order of the alphabet. */
const columns = {
  '': 'birth data expires_at id revision',
  _graves: 'birth ends_at id',
  _schema: 'version',
} as const;

export function tableNames(table: string): TableNames {
  return layoutOf(table);
}

/**
 * Makes the tables, or brings them to this version: whoever comes first, in one transaction. Nothing that is there is
 * dropped. Throws a `BackendError` where the database is of a newer version, or has a table of that name that is not ours.
 */
export function prepareSchema(database: SqliteDatabase, table: string): void {
  const newest = migrations.length;
  // Without the lock for writing first: it is the way of every start but one, and of a read-only database.
  if (versionOf(database, table) < newest) {
    inTransaction(database, 'IMMEDIATE', () => {
      const layout = layoutOf(table);
      const from = versionOf(database, table);
      // A first creation may find what a dropped table left of ours, but nothing of somebody else's.
      if (from === 0) checkColumns(database, table, ['']);
      for (const migration of migrations.slice(from)) database.exec(migration(layout));
      if (from === newest) return;
      database.exec(`DELETE FROM ${layout.version}; INSERT INTO ${layout.version} VALUES (${newest})`);
    });
  }
  checkColumns(database, table, []);
}

/** Throws where a table has neither the columns of the newest version nor one of the lists in `also`; `''` is no table. */
function checkColumns(database: SqliteDatabase, table: string, also: readonly string[]): void {
  for (const [suffix, expected] of Object.entries(columns)) {
    if (![expected, ...also].includes(columnsOf(database, table + suffix))) throw notOurs(table + suffix);
  }
}

/** 0: there is no table yet. */
function versionOf(database: SqliteDatabase, table: string): number {
  const found = database
    .prepare('SELECT name FROM main.sqlite_schema WHERE name = ? COLLATE NOCASE')
    .get(table) as { name: string } | undefined;
  if (found === undefined) return 0;
  if (found.name !== table) {
    throw new BackendError(
      false,
      `sqlite: there is a table ${quoted(found.name)}, whose name SQLite does not tell from ${quoted(table)}; write option 'table' as the table is called, or pass another name`,
      undefined,
    );
  }
  if (columnsOf(database, `${table}_schema`) !== columns._schema) throw notOurs(table);
  const row = database.prepare(`SELECT version FROM ${layoutOf(table).version}`).get();
  const version = Number((row as { version?: unknown } | undefined)?.version);
  if (!(version >= 1)) throw notOurs(`${table}_schema`);
  if (version <= migrations.length) return version;
  throw new BackendError(
    false,
    `sqlite: table ${quoted(table)} has version ${version}, and this version of @session-stores/sqlite knows versions up to ${migrations.length}; update the package`,
    undefined,
  );
}

function columnsOf(database: SqliteDatabase, table: string): string {
  const rows = database.prepare("SELECT name FROM pragma_table_info(?, 'main') ORDER BY name").all(table);
  return (rows as { name: string }[]).map(({ name }) => name).join(' ');
}

function notOurs(table: string): BackendError {
  return new BackendError(
    false,
    `sqlite: the database has a table ${quoted(table)} that this store did not make; pass another name in option 'table', or rename that table. Nothing was changed`,
    undefined,
  );
}

function layoutOf(table: string): Layout {
  const named = (suffix: string): string => `main.${quoted(table + suffix)}`;
  return {
    records: named(''),
    graves: named('_graves'),
    version: named('_schema'),
    byExpiry: named('_by_expiry'),
    byEnd: named('_graves_by_end'),
  };
}

/** SQLite wants the table of an index without its schema. */
function bare(name: string): string {
  return name.slice('main.'.length);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
