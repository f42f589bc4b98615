import type { Subject } from '@session-stores/test-harness';
import MongoStore from 'connect-mongo';
import type { Store } from 'express-session';

const url = new URL(import.meta.url).searchParams.get('url') ?? 'mongodb://127.0.0.1';

export default {
  name: 'connect-mongo',
  create: ({ namespace }) =>
    MongoStore.create({ mongoUrl: url, collectionName: namespace }) as unknown as Store,
  close: (store) => (store as unknown as MongoStore).close(),
} satisfies Subject;
