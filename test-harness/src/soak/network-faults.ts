import { setTimeout as wait } from 'node:timers/promises';
import type { FaultMode, FaultProxy } from '../faults/fault-proxy.js';
import type { Random } from './random.js';
import type { Fault } from './weather.js';

/** Ms by which a repeated request is late at the most. */
const latestRepeat = 2_000;
/**
 * Ms by which a request is late that was held while others went on: after the attempt that sent it was given up (1 s by
 * default), so that the next one has succeeded and the session may have been destroyed since.
 */
const late = { least: 1_800, most: 5_000 };

/** What goes wrong with a network: on the way of one process to the server, or of all. */
export class NetworkFaults {
  /** What befalls connections, one after the other. */
  readonly ofConnections: readonly Fault[];
  /** What befalls single messages, also while a connection is struck by one of the others. */
  readonly ofMessages: readonly Fault[];
  readonly #proxies: readonly FaultProxy[];
  readonly #calming = new AbortController();
  readonly #onTheirWay = new Set<Promise<void>>();
  /** Ms by which a request that was repeated is late at the most. */
  #latestRepeat = 0;

  constructor(proxies: readonly FaultProxy[]) {
    this.#proxies = proxies;
    this.ofConnections = proxies.length === 0 ? [] : this.#ofConnections();
    this.ofMessages = proxies.length === 0 ? [] : this.#ofMessages();
  }

  /** Ends whatever is in force; resolves when nothing sent before can arrive any more. */
  async calm(): Promise<void> {
    this.#calming.abort();
    await Promise.all(this.#onTheirWay);
    for (const proxy of this.#proxies) {
      proxy.setDelay(0);
      proxy.setLoss(0);
      proxy.duplicateRequests(undefined);
      // Those that repeat go on doing so, and those that are silent are.
      await renew(proxy);
    }
    if (this.#latestRepeat > 0) await wait(this.#latestRepeat + 200);
  }

  #ofConnections(): Fault[] {
    return [
      this.#mode('refused', 'refuse'),
      this.#mode('reset', 'reset'),
      this.#mode('hung', 'hang'),
      this.#mode('connections silenced', 'silence'),
      this.#mode('replies cut', 'cutReplies'),
      this.#onSome('delayed', async (proxy, random) => {
        proxy.setDelay(random.between(10, 120));
        return async () => proxy.setDelay(0);
      }),
      this.#onSome('lossy', async (proxy, random) => {
        proxy.setLoss(random.between(0.02, 0.15), () => random.next());
        return async () => proxy.setLoss(0);
      }),
      this.#onSome('requests repeated', async (proxy, random) => {
        const milliseconds = random.between(20, latestRepeat);
        proxy.duplicateRequests(milliseconds);
        this.#latestRepeat = Math.max(this.#latestRepeat, milliseconds);
        // Only new connections repeat.
        await renew(proxy);
        return async () => proxy.duplicateRequests(undefined);
      }),
    ];
  }

  #ofMessages(): Fault[] {
    return [
      this.#onSome('requests held', async (proxy) => {
        const held = proxy.holdRequests();
        return () => held.release();
      }),
      this.#onSome('replies held', async (proxy) => {
        const held = proxy.holdReplies();
        return () => held.release();
      }),
      this.#onSome('requests late', async (proxy, random) => {
        const held = proxy.holdRequests();
        const milliseconds = random.between(late.least, late.most);
        return async () => {
          // What comes from now on overtakes what is held.
          held.stop();
          const arrival = wait(milliseconds, undefined, { signal: this.#calming.signal })
            .catch(() => {})
            .then(() => held.release())
            .finally(() => this.#onTheirWay.delete(arrival));
          this.#onTheirWay.add(arrival);
        };
      }),
    ];
  }

  #mode(name: string, bad: FaultMode): Fault {
    return this.#onSome(name, async (proxy) => {
      await proxy.setMode(bad);
      return () => proxy.setMode('pass');
    });
  }

  #onSome(name: string, begin: (proxy: FaultProxy, random: Random) => Promise<() => Promise<void>>): Fault {
    return {
      name,
      begin: async (random) => {
        const struck = random.chance(0.5) ? this.#proxies : [random.pick(this.#proxies)];
        const ends = await Promise.all(struck.map((proxy) => begin(proxy, random)));
        return {
          where: struck.map((proxy) => `p${this.#proxies.indexOf(proxy) + 1}`).join(' '),
          end: async () => {
            await Promise.all(ends.map((end) => end()));
          },
        };
      },
    };
  }
}

async function renew(proxy: FaultProxy): Promise<void> {
  await proxy.setMode('reset');
  await proxy.setMode('pass');
}
