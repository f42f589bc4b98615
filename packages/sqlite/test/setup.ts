import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenContext, RecordWrite } from '@session-stores/core';
import { SqliteBackend, type SqliteBackendOptions } from '@session-stores/sqlite';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';

export const context: OpenContext = { signal: new AbortController().signal, onEvicted() {}, onError() {} };

/** A folder of its own for this test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'session-stores-sqlite-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function newPath(): string {
  return join(newFolder(), 'sessions.db');
}

/** A database of the application's own, closed when the test ends. */
export function openDatabase(path: string, options?: Database.Options): Database.Database {
  const database = new Database(path, options);
  onTestFinished(() => {
    database.close();
  });
  return database;
}

/** An open backend, closed when the test ends. */
export async function openBackend(options: SqliteBackendOptions): Promise<SqliteBackend> {
  const backend = new SqliteBackend(options);
  onTestFinished(() => backend.close());
  await backend.open(context);
  return backend;
}

export function insert(id: string, fields: Partial<RecordWrite> = {}): RecordWrite {
  const expiry = { in: 60_000, exact: true };
  return {
    id,
    data: '{}',
    birth: `birth-${id}`,
    revision: `revision-${id}`,
    expiry,
    expect: 'absent',
    ...fields,
  };
}
