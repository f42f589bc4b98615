// What child processes import too: it runs as it is, so it imports packages only. `?retrying` tells the forms apart.
import { join } from 'node:path';
import { RetryingSqliteStore, SqliteStore } from '@session-stores/sqlite';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import Database from 'better-sqlite3';

export function subjectOf(form: string): Subject {
  const retries = form === 'retrying';
  const Store = retries ? RetryingSqliteStore : SqliteStore;
  const pathOf = ({ directory }: Surroundings): string => join(directory, 'sessions.db');
  return {
    name: Store.name,
    create: (surroundings) => new Store({ path: pathOf(surroundings), table: surroundings.namespace }),
    supports: {
      shared: true,
      retries,
      processes: new URL(`?${form}`, import.meta.url),
      async corrupt(id, surroundings) {
        const database = new Database(pathOf(surroundings));
        const { changes } = database
          .prepare(`UPDATE "${surroundings.namespace}" SET data = '{not json' WHERE id = ?`)
          .run(id);
        database.close();
        if (changes !== 1) throw new Error('there is nothing to corrupt');
      },
    },
  };
}

export default subjectOf(new URL(import.meta.url).search.slice(1));
