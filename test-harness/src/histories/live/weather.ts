import { setTimeout as wait } from 'node:timers/promises';
import type { FaultMode, FaultProxy } from '../../faults/fault-proxy.js';
import type { Random } from '../../soak/random.js';

const modes: readonly FaultMode[] = ['refuse', 'reset', 'hang', 'cutReplies'];

/** The network of one round: in every third nothing happens to it, in the others it fails once or twice, or loses messages. */
export async function weather(proxy: FaultProxy, random: Random): Promise<number> {
  const choice = random.next();
  if (choice < 0.35) return 0;
  if (choice < 0.5) {
    proxy.setLoss(0.05, () => random.next());
    await wait(random.between(50, 200));
    proxy.setLoss(0);
    return 1;
  }
  const faults = random.chance(0.5) ? 1 : 2;
  for (let fault = 0; fault < faults; fault += 1) {
    await wait(random.between(0, 60));
    await proxy.setMode(random.pick(modes));
    await wait(random.between(10, 150));
    await proxy.setMode('pass');
  }
  return faults;
}
