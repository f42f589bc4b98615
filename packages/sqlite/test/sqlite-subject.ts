// What child processes import too: it runs as it is, so it imports packages only. The query tells the form and options.
import { join } from 'node:path';
import type { SessionStoreOptions } from '@session-stores/core';
import { RetryingSqliteStore, SqliteStore } from '@session-stores/sqlite';
import type { Subject, Surroundings } from '@session-stores/test-harness';
import Database from 'better-sqlite3';

export function subjectOf(form: string, options: SessionStoreOptions = {}): Subject {
  const retries = form === 'retrying';
  const Store = retries ? RetryingSqliteStore : SqliteStore;
  const pathOf = ({ directory }: Surroundings): string => join(directory, 'sessions.db');
  let storedId = (id: string): string => id;
  return {
    name: Store.name,
    create(surroundings) {
      const store = new Store({ path: pathOf(surroundings), table: surroundings.namespace, ...options });
      storedId = (id) => store.storedId(id);
      return store;
    },
    supports: {
      shared: true,
      retries,
      processes: new URL(
        `?${new URLSearchParams({ form, options: JSON.stringify(options) })}`,
        import.meta.url,
      ),
      storedId: (id) => storedId(id),
      async corrupt(id, surroundings) {
        const database = new Database(pathOf(surroundings));
        const { changes } = database
          .prepare(`UPDATE "${surroundings.namespace}" SET data = '{not json' WHERE id = ?`)
          .run(storedId(id));
        database.close();
        if (changes !== 1) throw new Error('there is nothing to corrupt');
      },
    },
  };
}

const query = new URL(import.meta.url).searchParams;
export default subjectOf(query.get('form') ?? 'plain', JSON.parse(query.get('options') ?? '{}'));
