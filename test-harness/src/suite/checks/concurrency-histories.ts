import { liveHistories } from '../../histories/live/live-histories.js';
import { timelineText } from '../../histories/timeline/text.js';
import { type Check, CheckFailure } from '../check.js';

/** What the clients do is the same in every run. */
const seed = 1;

/** Calls of many clients, judged as a whole. */
export const historyChecks: readonly Check[] = [
  {
    id: 'concurrency/histories',
    title:
      'some order of the calls explains what many clients of one session were answered, whatever they did',
    area: 'concurrency',
    level: 'promise',
    needs: [],
    timeout: 90_000,
    async run(trial) {
      const report = await liveHistories(trial, {
        seed,
        rounds: 20,
        duration: 30_000,
        networkFaults: false,
      });
      const { clients, processes, rounds, operations, undecided, violations } = report;
      const did = `${operations} calls by ${clients} clients in ${processes} processes, in ${rounds} rounds`;
      const [first] = violations;
      if (first !== undefined) {
        const came = timelineText(first.violation, first.history, 90);
        throw new CheckFailure(did, 'answers that some order of the calls explains', came);
      }
      if (report.verdict !== 'right') {
        throw new CheckFailure(did, 'a verdict', `undecided for ${undecided.join(', ') || 'want of rounds'}`);
      }
    },
  },
];
