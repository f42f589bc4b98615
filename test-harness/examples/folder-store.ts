// A whole store by four functions for one item each: a folder with a file a session. Core does the rest.
//   session-stores check examples/folder-store.ts
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Expiry,
  oneByOne,
  type RecordRemoval,
  type RecordTouch,
  type RecordWrite,
  type RemoveAnswer,
  type SessionBackend,
  type SessionRecord,
  SessionStore,
  type SessionStoreOptions,
  splitOptions,
  type TouchAnswer,
  type WriteAnswer,
} from '@session-stores/core';

export interface FolderStoreOptions extends SessionStoreOptions {
  /** Where the files go. Only one process may use it at a time. */
  readonly folder: string;
}

export class FolderStore extends SessionStore {
  constructor(options: FolderStoreOptions) {
    const { own, common } = splitOptions<{ folder: string }>('FolderStore', options, ['folder']);
    super(folderBackend(own.folder), common);
  }
}

/** A session, or, with `isGrave`, the birth of a removed one, which until `expiresAt` must not be inserted again. */
type Entry = SessionRecord & { readonly isGrave?: boolean };

/** Each step is synchronous from reading to writing, so nothing comes in between and every answer is the current state. */
export function folderBackend(folder: string): SessionBackend {
  return {
    name: 'folder',
    settlesAtOnce: true,
    async open() {
      mkdirSync(folder, { recursive: true });
    },
    async close() {},
    ...oneByOne({ read: live, write, touch, remove }),
    async *scan() {
      for (const file of sessionFiles()) {
        const entry = load(file);
        if (isLive(entry)) yield [entry];
      }
    },
    async prune(limit) {
      const expired = sessionFiles().filter((file) => hasExpired(load(file)));
      for (const file of expired.slice(0, limit)) rmSync(file, { force: true });
      return Math.min(expired.length, limit);
    },
    isTransient: (error) => ['EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN'].includes(Object(error).code),
  };

  function live(id: string): SessionRecord | undefined {
    const entry = load(fileOf(id));
    return isLive(entry) ? entry : undefined;
  }

  function write({ id, data, birth, revision, expiry, expect }: RecordWrite): WriteAnswer {
    const stored = load(fileOf(id));
    const current = isLive(stored) ? stored : undefined;
    if (expect === 'absent') {
      if (current !== undefined) return { status: 'conflict', current };
      if (stored?.isGrave && !hasExpired(stored) && stored.birth === birth) return { status: 'gone' };
    } else {
      if (current === undefined) return { status: 'gone' };
      if (current.revision !== expect.revision) return { status: 'conflict', current };
    }
    save({ id, data, birth, revision, expiresAt: moved(current, expiry) });
    return { status: 'written' };
  }

  function touch({ id, revision, expiry }: RecordTouch): TouchAnswer {
    const current = live(id);
    if (current === undefined) return { status: 'gone' };
    if (current.revision !== revision) return { status: 'changed', current };
    save({ ...current, expiresAt: moved(current, expiry) });
    return { status: 'touched' };
  }

  function remove({ id, birth, grace }: RecordRemoval): RemoveAnswer {
    const current = live(id);
    if (current !== undefined && birth !== undefined && current.birth !== birth) {
      return { status: 'other', birth: current.birth };
    }
    const removed = birth ?? current?.birth;
    if (grace > 0 && removed !== undefined) {
      save({ id, data: '', birth: removed, revision: '', expiresAt: Date.now() + grace, isGrave: true });
    } else if (current !== undefined) {
      rmSync(fileOf(id), { force: true });
    }
    return { status: 'removed' };
  }

  /** An id may hold any characters and more of them than a file name: its hash may not. */
  function fileOf(id: string): string {
    return join(folder, `${createHash('sha256').update(id).digest('hex')}.session`);
  }

  function sessionFiles(): string[] {
    const names = readdirSync(folder).filter((name) => name.endsWith('.session'));
    return names.map((name) => join(folder, name));
  }

  /** By a file of another name, so that a crash leaves the old state or the new one and nothing between. */
  function save({ data, ...head }: Entry): void {
    const file = fileOf(head.id);
    writeFileSync(`${file}.new`, `${JSON.stringify(head)}\n${data}`);
    renameSync(`${file}.new`, file);
  }
}

function load(file: string): Entry | undefined {
  try {
    const [head = '', ...data] = readFileSync(file, 'utf8').split('\n');
    const { expiresAt, ...rest } = JSON.parse(head);
    // JSON has no Infinity and writes null.
    return { ...rest, expiresAt: expiresAt ?? Number.POSITIVE_INFINITY, data: data.join('\n') };
  } catch (error) {
    if (Object(error).code === 'ENOENT') return undefined;
    throw error;
  }
}

function hasExpired(entry: Entry | undefined): boolean {
  return entry !== undefined && entry.expiresAt <= Date.now();
}

function isLive(entry: Entry | undefined): entry is Entry {
  return entry !== undefined && !entry.isGrave && !hasExpired(entry);
}

function moved(current: SessionRecord | undefined, expiry: Expiry): number {
  const expiresAt = Date.now() + expiry.in;
  return expiry.exact ? expiresAt : Math.max(expiresAt, current?.expiresAt ?? 0);
}

/** What the suite is given. */
export default {
  name: 'FolderStore',
  create: ({ directory }: { directory: string }) => new FolderStore({ folder: directory }),
  supports: {
    shared: true,
    async corrupt(id: string, { directory }: { directory: string }) {
      const backend = folderBackend(directory);
      const { signal } = new AbortController();
      const expiry = { in: 60_000, exact: true };
      const garbage = { id, data: '{"cookie":', birth: 'birth', revision: 'revision0000', expiry };
      await backend.remove([{ id, grace: 0 }], { signal });
      await backend.write([{ ...garbage, expect: 'absent' }], { signal });
    },
  },
};
