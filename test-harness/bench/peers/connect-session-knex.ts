import type { Subject } from '@session-stores/test-harness';
import { ConnectSessionKnexStore } from 'connect-session-knex';
import type { Store } from 'express-session';
import knexOf from 'knex';

const url = new URL(import.meta.url).searchParams.get('url') ?? 'postgres://127.0.0.1';

export default {
  name: 'connect-session-knex on pg',
  create({ namespace }) {
    const knex = knexOf.default({ client: 'pg', connection: url });
    const store = new ConnectSessionKnexStore({ knex, tableName: namespace, createTable: true });
    return Object.assign(store as unknown as Store, { knex });
  },
  close: (store) => (store as Store & { knex: { destroy(): Promise<void> } }).knex.destroy(),
} satisfies Subject;
