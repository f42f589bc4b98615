import { join } from 'node:path';
import { SqliteBackend } from '@session-stores/sqlite';
import { type BackendSubject, describeSessionBackend } from '@session-stores/test-harness';
import Database from 'better-sqlite3';
import { describe, it } from 'vitest';

const ownFile: BackendSubject = {
  name: 'SqliteBackend on a path',
  create: ({ directory, namespace }) =>
    new SqliteBackend({ path: join(directory, 'sessions.db'), table: namespace }),
  shared: true,
  watches: true,
  spoiled: {
    primitives: ['write', 'touch', 'remove'],
    async apply(id, { directory, namespace }) {
      const database = new Database(join(directory, 'sessions.db'));
      for (const [event, row] of [
        ['INSERT', 'NEW'],
        ['UPDATE', 'NEW'],
        ['DELETE', 'OLD'],
      ]) {
        database.exec(
          `CREATE TRIGGER refuse_${event} BEFORE ${event} ON ${namespace} WHEN ${row}.id = '${id}'
           BEGIN SELECT RAISE(ABORT, 'not this one'); END`,
        );
      }
      database.close();
    },
  },
};

describeSessionBackend(ownFile, { describe, it });

describeSessionBackend(
  {
    name: "SqliteBackend on a caller's database",
    create({ directory, namespace }) {
      const database = new Database(join(directory, 'sessions.db'));
      return new SqliteBackend({ database, table: namespace });
    },
    shared: true,
    watches: true,
  },
  { describe, it },
);

/** Two tables of one database in memory, whose names must be quoted. */
const inMemory = new Database(':memory:');

describeSessionBackend(
  {
    name: 'SqliteBackend in memory, with names that SQL would stumble over',
    create: ({ namespace }) =>
      new SqliteBackend({ database: inMemory, table: `select "${namespace}'; --\n` }),
  },
  { describe, it },
);
