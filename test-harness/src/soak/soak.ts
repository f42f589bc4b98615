import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.js';
import { type Subject, subjectFrom } from '../suite/subject.js';
import { Audit } from './audit.js';
import { Caller } from './caller.js';
import { Clock } from './clock.js';
import { Endings } from './endings.js';
import { Fleet } from './fleet.js';
import { Histories } from './histories.js';
import { NetworkFaults } from './network-faults.js';
import { processFaults } from './process-faults.js';
import { Random } from './random.js';
import { closeFleet } from './remains-check.js';
import type { SoakReport } from './report.js';
import { Scene } from './scene.js';
import { checkSoakOptions, type SoakOptions } from './soak-options.js';
import { User } from './user.js';
import { Violations } from './violations.js';
import { type Lane, Weather } from './weather.js';
import { Witness } from './witness.js';

/** What one soak is made with. */
interface Premises {
  readonly subject: Subject;
  readonly module: string;
  readonly directory: string;
  readonly proxies: readonly FaultProxy[];
  readonly processes: number;
}

/** Ms between the beginnings of two faults of the same kind, at the most. */
const intervals = { network: 2_500, server: 6_000, process: 4_000 };
const namespace = 'soak';

/**
 * Lets many users work with an application on this store, in several processes, while everything that can go wrong goes
 * wrong, and counts what must never happen. Rejects where it cannot be done at all, and with a `TypeError` where an option is wrong.
 */
export async function soakSessionStore(options: SoakOptions): Promise<SoakReport> {
  checkSoakOptions(options);
  const module = `${options.module}`;
  const exported = (await import(module)) as { default?: unknown };
  const subject = subjectFrom(exported.default);
  const { network, processes: shared } = subject.supports ?? {};
  const processes = shared === undefined ? 1 : (options.processes ?? 4);
  const directory = await mkdtemp(join(tmpdir(), 'session-stores-soak-'));
  const proxies: FaultProxy[] = [];
  try {
    for (let count = 0; network !== undefined && count < processes; count++) {
      proxies.push(await startFaultProxy(network));
    }
    return await soak({ subject, module, directory, proxies, processes }, options);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await rm(directory, { recursive: true, force: true });
  }
}

async function soak(premises: Premises, options: SoakOptions): Promise<SoakReport> {
  const { subject, module, directory, proxies, processes } = premises;
  const { users = 100, answerLimit = 60_000, seed = Math.floor(Math.random() * 2 ** 32) } = options;
  const random = new Random(seed);
  const clock = new Clock();
  const violations = new Violations();
  const weather = new Weather(clock);
  const witness = new Witness(clock, violations, weather);
  const caller = new Caller(answerLimit, clock, violations);
  const network = new NetworkFaults(proxies);
  const surroundings = { namespace, directory };
  const histories = new Histories(directory, options.histories ?? 1);
  const fleet = await Fleet.start({
    module,
    surroundings,
    proxies,
    processes,
    incidents: witness,
    histories,
  });
  witness.fleet = fleet;
  const scene = new Scene(fleet, caller, witness, clock);
  const progress = setInterval(() => {
    const found = Object.values(violations.counts).reduce((sum, count) => sum + count, 0);
    options.onProgress?.({ seconds: clock.now / 1_000, requests: caller.sent, violations: found });
  }, 1_000);
  try {
    const endings = new Endings(scene);
    const living = Array.from({ length: users }, (_, number) =>
      new User(number, random.branch(number + 1), scene, endings).live(),
    );
    const over = new AbortController();
    const length = options.seconds * 1_000;
    const working = enough(caller, length, options.requests ?? 0).then(() => over.abort());
    await weather.run(lanesOf(network, fleet, options), length, over.signal, random);
    await working;
    scene.isOver = true;
    await Promise.all([fleet.complete(), network.calm()]);
    await Promise.all(living);
    await new Audit(scene, violations, random, answerLimit).run();
    const remains = await closeFleet(fleet, proxies, violations);
    const judged = await histories.judge(violations);
    return {
      passed: Object.values(violations.counts).every((count) => count === 0),
      store: subject.name,
      seed,
      processes,
      users,
      seconds: clock.now / 1_000,
      requests: {
        sent: caller.sent,
        answered: caller.answered,
        refused: caller.refused,
        cutOff: caller.cutOff,
        slowest: Math.round(caller.slowest),
      },
      deeds: scene.deeds,
      faults: weather.counts,
      remains,
      histories: judged,
      violations: violations.counts,
      details: await violations.details(),
    };
  } finally {
    clearInterval(progress);
    scene.isOver = true;
    await fleet.kill();
  }
}

/** Resolves after so many ms and requests. */
async function enough(caller: Caller, milliseconds: number, requests: number): Promise<void> {
  await wait(milliseconds);
  while (caller.sent < requests) await wait(50);
}

/** What goes wrong with the network, with the server and with the processes, all at once. */
function lanesOf(network: NetworkFaults, fleet: Fleet, options: SoakOptions): Lane[] {
  const { calm = false, faults = [] } = options;
  if (calm) return [];
  return [
    { faults: network.ofConnections, interval: intervals.network },
    { faults: network.ofMessages, interval: intervals.network },
    { faults, interval: intervals.server },
    // A store inside of its process dies with it.
    { faults: fleet.size > 1 ? processFaults(fleet) : [], interval: intervals.process },
  ];
}
