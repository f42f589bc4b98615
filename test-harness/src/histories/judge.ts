import type { History, Operation } from '../model/operation.js';
import { aboutKeys, keysIn } from './about-keys.js';
import { bySession } from './by-session.js';
import { cutDown } from './cut-down.js';
import { search, type Verdict } from './search.js';
import { simplified } from './simplify.js';
import { suspectsOf } from './suspects.js';

export type { Verdict } from './search.js';

export interface JudgeOptions {
  /** How many steps the search may take for each session before it is undecided; 300,000 unless told. */
  readonly maxSteps?: number | undefined;
}

/** A part of a history that contradicts itself. */
export interface Contradiction {
  /** The few operations that no order explains. */
  readonly operations: readonly Operation[];
  /** The keys that it is about, and no others are shown: none where it is about whether there is a session at all. */
  readonly keys: readonly string[];
}

/** A session whose history no order of its operations explains. */
export interface Violation extends Contradiction {
  readonly session: string;
  /** What was going on meanwhile and is not in the contradiction: the culprit is often among them. */
  readonly suspects: readonly Operation[];
}

export interface SessionJudgement {
  readonly session: string;
  readonly verdict: Verdict;
  readonly operations: number;
  readonly steps: number;
}

export interface Judgement {
  /** `wrong` if one session is, else `undecided` if one is. */
  readonly verdict: Verdict;
  readonly sessions: readonly SessionJudgement[];
  readonly violations: readonly Violation[];
}

/** Decides whether the model of a session store explains what was answered, session by session. */
export function judge(history: History, { maxSteps = 300_000 }: JudgeOptions = {}): Judgement {
  const sessions: SessionJudgement[] = [];
  const violations: Violation[] = [];
  for (const [session, operations] of bySession(history)) {
    const { verdict, steps, contradiction } = judgeSession(operations, maxSteps);
    sessions.push({ session, verdict, operations: operations.length, steps });
    if (contradiction === undefined) continue;
    violations.push({ session, ...contradiction, suspects: suspectsOf(contradiction, operations) });
  }
  const verdicts = new Set(sessions.map(({ verdict }) => verdict));
  const verdict = verdicts.has('wrong') ? 'wrong' : verdicts.has('undecided') ? 'undecided' : 'right';
  return { verdict, sessions, violations };
}

/**
 * Looks first whether there is a contradiction about single keys, or about whether there is a session at all: where there
 * is one, all orders have to be tried to be sure of it, and there are fewer the less they are about.
 */
function judgeSession(operations: readonly Operation[], maxSteps: number) {
  const keys = keysIn(operations);
  const parts = keys.length === 1 ? [[], keys] : [[], ...keys.map((key) => [key]), keys];
  let steps = 0;
  let verdict: Verdict = 'right';
  for (const part of parts) {
    const asked = simplified(aboutKeys(operations, part));
    const limit = part.length === keys.length ? maxSteps : Math.floor(maxSteps / 10);
    const finding = search({ operations: asked }, Math.min(limit, maxSteps - steps));
    steps += finding.steps;
    verdict = finding.verdict;
    if (verdict === 'wrong') {
      const cut = cutDown(asked, finding.stuckAt, Math.max(maxSteps, 10_000));
      return { verdict, steps, contradiction: { operations: cut, keys: part } };
    }
  }
  return { verdict, steps };
}
