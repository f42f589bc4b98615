import type { FaultMode, FaultProxy } from '../faults/fault-proxy.js';
import type { Random } from './random.js';
import type { Fault } from './weather.js';

/** The faults of a network: on the way of one process to the server, or of all. */
export function networkFaults(proxies: readonly FaultProxy[]): Fault[] {
  if (proxies.length === 0) return [];
  const mode = (name: string, bad: FaultMode): Fault =>
    onSome(name, proxies, async (proxy) => {
      await proxy.setMode(bad);
      return () => proxy.setMode('pass');
    });
  return [
    mode('refused', 'refuse'),
    mode('reset', 'reset'),
    mode('hung', 'hang'),
    mode('connections silenced', 'silence'),
    mode('replies cut', 'cutReplies'),
    onSome('delayed', proxies, async (proxy, random) => {
      proxy.setDelay(random.between(10, 120));
      return async () => proxy.setDelay(0);
    }),
    onSome('lossy', proxies, async (proxy, random) => {
      proxy.setLoss(random.between(0.02, 0.15), () => random.next());
      return async () => proxy.setLoss(0);
    }),
    onSome('requests held', proxies, async (proxy) => {
      const held = proxy.holdRequests();
      return () => held.release();
    }),
    onSome('requests repeated', proxies, async (proxy, random) => {
      proxy.duplicateRequests(random.between(20, latest));
      // Only new connections repeat.
      await renew(proxy);
      return async () => proxy.duplicateRequests(undefined);
    }),
  ];
}

/** Ms by which a repeated request is late at the most. */
const latest = 800;

/** Ends whatever is in force; resolves when nothing sent before can arrive any more. */
export async function calm(proxies: readonly FaultProxy[]): Promise<void> {
  for (const proxy of proxies) {
    proxy.setDelay(0);
    proxy.setLoss(0);
    proxy.duplicateRequests(undefined);
    // Those that repeat go on doing so, and those that are silent are.
    await renew(proxy);
  }
  if (proxies.length > 0) await new Promise((resolve) => setTimeout(resolve, latest + 200));
}

async function renew(proxy: FaultProxy): Promise<void> {
  await proxy.setMode('reset');
  await proxy.setMode('pass');
}

function onSome(
  name: string,
  proxies: readonly FaultProxy[],
  begin: (proxy: FaultProxy, random: Random) => Promise<() => Promise<void>>,
): Fault {
  return {
    name,
    async begin(random) {
      const struck = random.chance(0.5) ? proxies : [random.pick(proxies)];
      const ends = await Promise.all(struck.map((proxy) => begin(proxy, random)));
      return {
        where: struck.map((proxy) => `p${proxies.indexOf(proxy) + 1}`).join(' '),
        end: async () => {
          await Promise.all(ends.map((end) => end()));
        },
      };
    },
  };
}
