import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import Database from 'better-sqlite3';
import session, { type Store } from 'express-session';

type SqliteStore = Store & { client: Database.Database };
type MakeStoreClass = (connect: typeof session) => new (options: object) => SqliteStore;

// Without types of its own.
const SqliteStore = (createRequire(import.meta.url)('better-sqlite3-session-store') as MakeStoreClass)(
  session,
);

const open = ({ directory }: Surroundings) => {
  const database = new Database(join(directory, 'sessions.db'));
  database.pragma('journal_mode = WAL');
  // In this mode better-sqlite3 waits for no disk; our store, which it is compared with, does.
  database.pragma('synchronous = FULL');
  return database;
};

export default {
  name: 'better-sqlite3-session-store',
  create: (surroundings) => new SqliteStore({ client: open(surroundings) }),
  close(store) {
    (store as SqliteStore).client.close();
  },
  supports: {
    shared: true,
    processes: import.meta.url,
    async corrupt(id, surroundings) {
      const database = open(surroundings);
      database.prepare("UPDATE sessions SET sess = '{not json' WHERE sid = ?").run(id);
      database.close();
    },
  },
} satisfies Subject;
