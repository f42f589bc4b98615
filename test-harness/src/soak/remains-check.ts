import type { FaultProxy } from '../faults/fault-proxy.js';
import type { ApplicationProcess } from './application-handle.js';
import type { Fleet } from './fleet.js';
import type { Remains } from './messages.js';
import type { Violations } from './violations.js';

/**
 * Bytes by which the memory of a process may grow: compiled code, and what a store remembers of a bounded number of sessions.
 * A leak of 1 KB a request is more after 50,000.
 */
const memoryLimit = 48 * 2 ** 20;

/** What all processes of a fleet came to. */
export interface FleetRemains {
  calls: number;
  /** Ms. */
  slowestCall: number;
  /** Bytes. */
  memoryGrowth: number;
}

/** Closes every process, and counts what should not be left of it. */
export async function closeFleet(
  fleet: Fleet,
  proxies: readonly FaultProxy[],
  violations: Violations,
): Promise<FleetRemains> {
  fleet.endReplacing();
  const { processes } = fleet;
  const all = await Promise.all(processes.map((process) => process.close()));
  const total: FleetRemains = { calls: 0, slowestCall: 0, memoryGrowth: 0 };
  for (const [index, process] of processes.entries()) {
    const remains = all[index];
    if (remains === undefined) {
      violations.count('notEnded', () => `${process.name} could not be closed`);
      continue;
    }
    total.calls += remains.calls;
    total.slowestCall = Math.max(total.slowestCall, remains.slowestCall);
    total.memoryGrowth = Math.max(total.memoryGrowth, remains.memoryGrowth);
    countRemains(process, remains, violations);
  }
  for (const [index, { connections }] of proxies.entries()) {
    if (connections > 0)
      violations.count('socketsLeft', () => `${connections} of p${index + 1} to the server`);
  }
  for (const process of processes) {
    if (!(await process.endsByItself())) violations.count('notEnded', () => process.name);
  }
  return total;
}

function countRemains({ name }: ApplicationProcess, remains: Remains, violations: Violations): void {
  const each = (kind: Parameters<Violations['count']>[0], items: readonly string[]): void => {
    for (const item of items) violations.count(kind, () => `${name}: ${item}`);
  };
  each('calledTwice', remains.calledTwice);
  each('calledEarly', remains.calledEarly);
  each('neverCalled', remains.neverCalled);
  each('notRecovered', remains.unclosed);
  each('timersLeft', remains.timers);
  each(
    'socketsLeft',
    remains.resources.filter((resource) => resource !== 'Timeout'),
  );
  const { heldSessions, memoryGrowth } = remains;
  if (heldSessions > 0) {
    violations.count(
      'memoryLeft',
      () => `${name}: sessions of ${heldSessions} requests, of every eighth one`,
    );
  }
  if (memoryGrowth > memoryLimit) {
    violations.count('memoryLeft', () => `${name}: ${Math.round(memoryGrowth / 2 ** 20)} MB more`);
  }
}
