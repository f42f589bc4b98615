import fc from 'fast-check';
import { judge } from '../histories/judge.js';
import { timelineText } from '../histories/timeline/text.js';
import type { History } from '../model/operation.js';
import { RunningTrial } from '../suite/running-trial.js';
import type { Subject } from '../suite/subject.js';
import { scripts } from './commands.js';
import { Stand } from './stand.js';

export interface ModelCheckOptions {
  /** How many scripts are tried. */
  readonly runs: number;
  /** Steps of a script; 20 unless told. */
  readonly commands?: number | undefined;
  readonly seed: number;
  /** The network fails in scripts; not unless told. */
  readonly faults?: boolean | undefined;
  /** Is told what each script called and was answered. */
  readonly onHistory?: ((history: History) => void) | undefined;
}

/**
 * Runs random scripts of get, set, touch, update, destroy and clear by several clients of one storage, with time passing, and asks
 * of each whether the model of a session store explains what was answered. Rejects with the shortest script found that it
 * does not explain, and a timeline.
 */
export async function checkModel(subject: Subject, options: ModelCheckOptions): Promise<void> {
  const { runs: numRuns, seed, commands = 20, faults = false } = options;
  const trial = await RunningTrial.prepare(subject);
  try {
    const stand = await Stand.set(trial);
    const { clients } = stand;
    const [update, touch, clear] = [stand.has('update'), stand.has('touch'), stand.has('clear')];
    const all = scripts({ clients, update, touch, clear, faults }, commands);
    await fc.assert(
      fc.asyncProperty(all, async (script) => {
        await fc.asyncModelRun(() => {
          const begun = stand.begin();
          return { model: begun, real: begun };
        }, script);
        const history = await stand.end();
        options.onHistory?.(history);
        const { verdict, violations } = judge(history);
        const [violation] = violations;
        if (violation !== undefined) throw new Error(timelineText(violation, history));
        if (verdict !== 'right') throw new Error('the judge could not decide');
      }),
      { seed, numRuns, endOnFailure: false },
    );
  } finally {
    await trial.close();
  }
}
