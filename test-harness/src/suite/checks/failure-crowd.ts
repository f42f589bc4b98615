import type { FaultMode } from '../../faults/fault-proxy.js';
import type { Check } from '../check.js';
import { expectEqual, expectThat } from '../expectations.js';
import { mend, storeInOutage } from '../outage.js';
import { answerLimit, WatchedCall } from '../watched-call.js';

const area = 'failure';
/** As many as a busy site has under way after a second or two without its server. */
const size = 1_000;

/**
 * One call in an outage proves little about a thousand: they may wait for each other's time limits, or find the place full in
 * which a store keeps what waits. To refuse is allowed, to tell somebody that he has no session is not.
 */
function crowd(mode: FaultMode, what: string): Check {
  return {
    id: `failure/crowd-${mode}`,
    title: `of ${size} calls while the server ${what}, each is answered in time, once, and with an error`,
    area,
    level: 'promise',
    needs: ['network'],
    timeout: 90_000,
    async run(trial) {
      const store = await storeInOutage(trial, mode);
      const did = `called get and destroy ${size} times at once while the server ${what}`;
      const calls = Array.from(
        { length: size },
        (_, index) => new WatchedCall(store, index % 10 === 0 ? 'destroy' : 'get', `crowd-${index}`),
      );
      const limit = answerLimit(trial.supports);
      const answers = await Promise.all(calls.map((call) => call.within(limit, did)));
      const wrong = answers.find(({ error }) => !(error instanceof Error));
      expectThat(wrong === undefined, did, 'an Error for each', wrong?.error ?? wrong?.result);
      // What is still in a queue somewhere would come by then.
      await mend(trial, store);
      const again = calls.filter((call) => call.calls !== 1);
      expectEqual(`${did}: calls that were answered again`, again.length, 0);
    },
  };
}

/** What a thousand calls at once meet in an outage. */
export const crowdChecks: readonly Check[] = [crowd('refuse', 'refuses connections'), crowd('hang', 'hangs')];
