import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Action, Answer, Data } from '../../model/operation.js';

/**
 * A line of a history as it is recorded: before a call is made, each time the function of an `update` has run, and when the
 * answer has come. A call without an answer is one of which nobody knows what became of it, because its process died for
 * example.
 */
export type Entry =
  | {
      readonly entry: 'call';
      /** Names the call; no other of any process has this name. */
      readonly call: string;
      /** `undefined`: all sessions. */
      readonly session?: string | undefined;
      readonly store: string;
      readonly client: string;
      readonly action: Action;
      /** Ms on the clock of the history. */
      readonly at: number;
    }
  | { readonly entry: 'run'; readonly call: string; readonly found: Data; readonly made: Data }
  | { readonly entry: 'answer'; readonly call: string; readonly answer: Answer; readonly at: number };

/** Where entries go. */
export interface HistoryLog {
  add(entry: Entry): void;
}

/** A history of this process. */
export class MemoryLog implements HistoryLog {
  readonly entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
  }
}

/** A history in a file, a line an entry, which is there even if the process dies with the next one. */
export class FileLog implements HistoryLog {
  readonly #file: number;

  /** Goes on with the file if it exists. Throws as `openSync` does. */
  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  add(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry, withoutInfinity)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** JSON has no `Infinity`; where a deadline is null it is that. */
function withoutInfinity(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? null : value;
}

/**
 * What is recorded in a file. The last line of a process that died may be cut off, and is left out then. Throws an `Error`
 * that names the line if another one is no entry.
 */
export async function readLog(path: string): Promise<Entry[]> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n');
  // What follows the last line break is nothing, or cut off.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line, withInfinity) as Entry;
    } catch (cause) {
      throw new Error(`line ${index + 1} of ${path} is no entry of a history`, { cause });
    }
  });
}

function withInfinity(key: string, value: unknown): unknown {
  const isForever = key === 'deadline' && (value as { at?: unknown } | null)?.at === null;
  return isForever ? { ...(value as object), at: Number.POSITIVE_INFINITY } : value;
}
