import { type SoakReport, soakReportText, soakSessionStore } from '@session-stores/test-harness';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../soak/stores.ts';
import { describeWithServer } from '../../src/servers/needs.js';

export interface SoakLength {
  readonly seconds: number;
  /** At least, however busy the machine is. */
  readonly requests: number;
  readonly processes: number;
  readonly users: number;
}

const ofConnections = ['refused', 'reset', 'hung', 'connections silenced', 'replies cut'];
const ofMessages = ['requests held', 'replies held', 'requests late'];
const servers = [
  ['redis-server', 'redis'],
  ['postgres-server', 'postgres'],
  ['mongo-server', 'mongo'],
] as const;

/** Soaks every store that this machine can have. `timeout`: ms for each. */
export function soakEveryStore(title: string, length: SoakLength, timeout: number): void {
  describe(title, () => {
    it('of the memory store, in one process', { timeout }, async () => {
      await soak('memory', length, []);
    });

    it('of the SQLite store, in processes that are killed, on a locked file', { timeout }, async () => {
      await soak('sqlite', length, ['process killed', 'file locked']);
    });
  });
  for (const [server, store] of servers) {
    describeWithServer(server, `${title} of the ${store} store`, () => {
      it('with a network that fails, a server that is killed and processes that are', {
        timeout,
      }, async () => {
        await soak(store, length, [...ofConnections, ...ofMessages, 'process killed', 'server killed']);
      });
    });
  }
}

async function soak(store: string, length: SoakLength, faults: readonly string[]): Promise<void> {
  const options = { operationTimeout: 4_000 };
  const { module, faults: ownFaults, close } = await openStore({ store, form: 'retrying', options });
  try {
    const report = await soakSessionStore({ module, faults: ownFaults, ...length });
    expectWork(report, length, faults);
    expect(report.passed, soakReportText(report)).toBe(true);
  } finally {
    await close();
  }
}

/** Without this a soak that did nothing would be as good as one that found nothing. */
function expectWork(report: SoakReport, length: SoakLength, faults: readonly string[]): void {
  const { deeds, requests, histories } = report;
  expect(requests.answered).toBeGreaterThan(length.requests / 2);
  expect(deeds.logouts).toBeGreaterThan(0);
  expect(deeds.endedByOthers).toBeGreaterThan(0);
  expect(deeds.looksAfterEnd).toBeGreaterThan(0);
  expect(deeds.writes).toBeGreaterThan(0);
  // A request makes a call at least, nearly always two.
  expect(histories.calls).toBeGreaterThan(requests.answered);
  expect(histories.sessions).toBeGreaterThan(deeds.logouts);
  expect(histories.undecided).toBeLessThan(histories.sessions / 100);
  expect(Object.keys(report.faults)).toEqual(expect.arrayContaining([...faults]));
}
