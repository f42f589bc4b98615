import type { Store } from 'express-session';
import {
  type Check,
  CheckFailure,
  type CheckResult,
  type Need,
  NotApplicable,
  type Outcome,
  ThrownOnPurpose,
} from './check.js';
import { guarded } from './process-guard.js';
import { RunningTrial } from './running-trial.js';
import type { Subject, Supports } from './subject.js';

/** Ms, for a check that does not say how long it may take. */
const DEFAULT_TIMEOUT = 30_000;

/** Why a check cannot be put to a subject, as far as the subject says so; `undefined` where nothing speaks against it. */
export function undeclared(check: Check, supports: Supports = {}): string | undefined {
  for (const need of check.needs) {
    if (isDeclared(need) && !supports[need]) return `the subject does not declare \`supports.${need}\``;
  }
  return undefined;
}

/** Runs one check on new stores of the subject, closes everything, and tells how it went. Never rejects. */
export async function runCheck(check: Check, subject: Subject): Promise<CheckResult> {
  const started = performance.now();
  const result = (outcome: Outcome, reason?: string, error?: Error): CheckResult => ({
    check,
    outcome,
    reason,
    error,
    duration: performance.now() - started,
  });

  const missing = undeclared(check, subject.supports);
  if (missing !== undefined) return result('not applicable', missing);
  try {
    await attempt(check, subject);
    return result('passed');
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(`Thrown: ${thrown}`, { cause: thrown });
    if (error instanceof NotApplicable) return result('not applicable', error.message);
    return result(
      'failed',
      error instanceof CheckFailure ? error.message : `${error.name}: ${error.message}`,
      error,
    );
  }
}

async function attempt(check: Check, subject: Subject): Promise<void> {
  let end: (failure: Error) => void = () => {};
  const ended = new Promise<never>((_resolve, reject) => {
    end = reject;
  });
  ended.catch(() => {}); // It is awaited below, but may reject before that, while the stores are being closed.
  const timeout = check.timeout ?? DEFAULT_TIMEOUT;
  const timer = setTimeout(() => {
    end(new CheckFailure(check.title, `an end within ${timeout} ms`, 'the check was still waiting'));
  }, timeout);
  const died = (error: unknown) => {
    if (error instanceof ThrownOnPurpose) return;
    const failure = new CheckFailure(
      check.title,
      'nothing thrown that nobody catches, no rejection that nobody handles',
      `the process would have died of: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
    );
    failure.cause = error;
    end(failure);
  };
  try {
    await guarded(died, async () => {
      const trial = await RunningTrial.prepare(subject);
      try {
        await Promise.race([ended, runOn(trial, check)]);
      } finally {
        await trial.close();
      }
    });
    // What went uncaught while the stores were closed, or in the last turn of the check.
    await Promise.race([ended, undefined]);
  } finally {
    clearTimeout(timer);
  }
}

async function runOn(trial: RunningTrial, check: Check): Promise<void> {
  const methods = check.needs.filter((need) => !isDeclared(need));
  if (methods.length > 0) {
    const store = (await trial.createStore()) as Store & Record<string, unknown>;
    for (const method of methods) {
      if (typeof store[method] !== 'function')
        throw new NotApplicable(`the store has no method \`${method}\``);
    }
  }
  await check.run(trial);
}

type Declared = 'network' | 'shared' | 'processes' | 'corrupt';

function isDeclared(need: Need): need is Declared {
  return need === 'network' || need === 'shared' || need === 'processes' || need === 'corrupt';
}
