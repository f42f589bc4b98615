import { describeSessionBackend } from '@session-stores/test-harness';
import pg from 'pg';
import { afterAll, describe, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { PostgresBackend } from '../src/index.js';

/** A name that SQL would stumble over, in capitals. */
const strange = (namespace: string) => `Select "${namespace}'`;

/** Holds the backend against the contract, with the option `preparedStatements` and as `called` calls it. */
export function contractOn(
  name: string,
  preparedStatements: boolean,
  called = (backend: PostgresBackend) => backend,
): void {
  describeWithServer('postgres', 'on a server', (url) => {
    const pool = new pg.Pool({ connectionString: url });
    afterAll(() => pool.end());

    describeSessionBackend(
      {
        name,
        shared: true,
        watches: true,
        create: ({ namespace }) =>
          called(new PostgresBackend({ pool, table: strange(namespace), preparedStatements })),
        spoiled: {
          primitives: ['write', 'touch', 'remove'],
          apply: (id, { namespace }) => refuse(pool, strange(namespace), id),
        },
      },
      { describe, it, itAtOnce: it.concurrent },
    );
  });
}

/** Every change of the row fails from now on, as by a trigger of the application's. */
async function refuse(pool: pg.Pool, table: string, id: string): Promise<void> {
  const name = pg.escapeIdentifier(`${table.slice(-20)} refuses`);
  await pool.query(`
    create function ${name}() returns trigger language plpgsql as $$ begin raise 'not %', new.data; end $$;
    create trigger ${name} before insert or update on ${pg.escapeIdentifier(table)}
      for each row when (new.id = ${pg.escapeLiteral(id)}) execute function ${name}()`);
}
