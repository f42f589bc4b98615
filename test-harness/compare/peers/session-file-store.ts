import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Subject } from '@session-stores/test-harness';
import session, { type Store } from 'express-session';

type MakeStoreClass = (connect: typeof session) => new (options: object) => Store;

// Without types of its own.
const FileStore = (createRequire(import.meta.url)('session-file-store') as MakeStoreClass)(session);

export default {
  name: 'session-file-store',
  create: ({ directory }) => new FileStore({ path: directory, logFn: () => {} }),
  supports: {
    shared: true,
    processes: import.meta.url,
    corrupt: (id, { directory }) => writeFile(join(directory, `${id}.json`), '{not json'),
  },
} satisfies Subject;
