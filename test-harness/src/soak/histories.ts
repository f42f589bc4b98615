import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { recordName } from '@session-stores/core';
import type { Store } from 'express-session';
import { bySession } from '../histories/by-session.js';
import { judge } from '../histories/judge.js';
import { MachineClock } from '../histories/recording/clock.js';
import { joined } from '../histories/recording/join.js';
import { type Entry, FileLog, readLog } from '../histories/recording/log.js';
import { RecordedStore } from '../histories/recording/recorded-store.js';
import { timelineText } from '../histories/timeline/text.js';
import type { HistoryPart } from './messages.js';
import type { Violations } from './violations.js';

/** Steps of the search for an order, for each session. There are thousands of sessions. */
const maxSteps = 100_000;

/** What the judge of histories says of a run. */
export interface JudgedHistories {
  readonly sessions: number;
  readonly calls: number;
  /** Of the calls: those that failed, or were never answered. */
  readonly unanswered: number;
  /** Sessions of which it could not decide within its bounds. */
  readonly undecided: number;
  /** Ms that it took. */
  readonly judging: number;
}

/** The histories of the sessions of a run, which its processes record in files and which are judged when it is over. */
export class Histories {
  readonly #directory: string;
  readonly #share: number;
  readonly #clockOrigin = new MachineClock().origin;

  /** `share`: of all sessions, those whose history is recorded, from 0 to 1. */
  constructor(directory: string, share: number) {
    this.#directory = directory;
    this.#share = share;
  }

  partOf(process: string): HistoryPart {
    const path = join(this.#directory, `${process}.history.jsonl`);
    return { name: process, path, clockOrigin: this.#clockOrigin, share: this.#share };
  }

  /** Counts the sessions whose calls no order explains. To be asked when all processes have ended. */
  async judge(violations: Violations): Promise<JudgedHistories> {
    const startedAt = performance.now();
    const files = (await readdir(this.#directory)).filter((name) => name.endsWith('.history.jsonl'));
    const entries: Entry[] = [];
    for (const name of files) {
      for (const entry of await readLog(join(this.#directory, name))) entries.push(entry);
    }
    const history = joined(entries);
    let undecided = 0;
    const sessions = bySession(history);
    for (const operations of sessions.values()) {
      const judgement = judge(operations, { maxSteps });
      if (judgement.verdict === 'undecided') undecided += 1;
      for (const violation of judgement.violations) {
        violations.count('contradictions', () => timelineText(violation, operations));
      }
    }
    return {
      sessions: sessions.size,
      calls: history.length,
      unanswered: history.filter(({ answer }) => answer === 'unknown').length,
      undecided,
      judging: performance.now() - startedAt,
    };
  }
}

/** Records what a process calls of its store from now on. */
export function record(store: Store, { name, path, clockOrigin, share }: HistoryPart): void {
  if (share === 0) return;
  new RecordedStore(store, {
    name,
    log: new FileLog(path),
    clock: new MachineClock(clockOrigin),
    sessionName(id) {
      const session = recordName(id);
      // All processes choose the same ones.
      return Number.parseInt(session.slice(0, 8), 16) < share * 2 ** 32 ? session : undefined;
    },
  });
}
