import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../soak/random.js';
import { withChildStores } from '../../suite/processes/child-store.js';
import type { Trial } from '../../suite/trial.js';
import type { JudgeOptions } from '../judge.js';
import { LiveReport } from './live-report.js';
import { Stage } from './stage.js';

export interface LiveOptions extends JudgeOptions {
  /** What the clients do is drawn by it; when they do it the machine decides. */
  readonly seed: number;
  /** Ms after which no other round begins. */
  readonly duration: number;
  /** So many rounds at the most. */
  readonly rounds?: number | undefined;
  /** Whether the network fails, if the subject has one; it does unless told. */
  readonly networkFaults?: boolean | undefined;
  /** Ends the run early: the round is finished, no other begins. */
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: ((report: LiveReport) => void) | undefined;
}

/**
 * Lets random clients of several stores, in several processes where the subject supports them, meet on a few sessions, round by
 * round with new ones, through a network that fails where the subject has one; and has the judge say of each session whether
 * some order explains what they were answered. No round follows one that no order explains.
 */
export async function liveHistories(trial: Trial, options: LiveOptions): Promise<LiveReport> {
  const {
    seed,
    duration,
    rounds = Number.POSITIVE_INFINITY,
    networkFaults = true,
    signal,
    onRound,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'histories-'));
  let report: LiveReport | undefined;
  try {
    await withChildStores(trial, trial.supports.processes === undefined ? 0 : 2, async (children) => {
      const stage = await Stage.set(trial, children, { folder, networkFaults });
      const told = new LiveReport(seed, stage);
      report = told;
      const until = performance.now() + duration;
      while (told.rounds < rounds && told.violations.length === 0) {
        if (signal?.aborted || performance.now() >= until) break;
        const round = await stage.play(told.rounds + 1, new Random(seed).branch(told.rounds));
        told.add(round, options);
        onRound?.(told);
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (report === undefined) throw new Error('no round was played');
  return report;
}
