import { type SoakReport, soakReportText, soakSessionStore } from '@session-stores/test-harness';
import { describe, expect, it } from 'vitest';
import { openStore } from '../soak/stores.ts';
import { describeWithServer } from '../src/servers/needs.js';

/** Ms: the soak itself, and on a busy machine several times as much for processes that start. */
const timeout = 180_000;

async function soak(store: string): Promise<SoakReport> {
  const soaked = await openStore({ store, form: 'retrying', options: { operationTimeout: 4_000 } });
  try {
    return await soakSessionStore({ ...soaked, seconds: 5, requests: 150, processes: 3, users: 24 });
  } finally {
    await soaked.close();
  }
}

/** Without this a soak that did nothing would be as good as one that found nothing. */
function expectWork({ deeds, faults, requests }: SoakReport, kinds: readonly string[]): void {
  expect(requests.answered).toBeGreaterThan(100);
  expect(deeds.logouts).toBeGreaterThan(0);
  expect(deeds.endedByOthers).toBeGreaterThan(0);
  expect(deeds.looksAfterEnd).toBeGreaterThan(0);
  expect(deeds.writes).toBeGreaterThan(0);
  expect(Object.keys(faults)).toEqual(expect.arrayContaining([...kinds]));
}

function expectClean(report: SoakReport): void {
  expect(report.passed, soakReportText(report)).toBe(true);
}

const network = ['refused', 'reset', 'hung', 'connections silenced', 'replies cut', 'requests held'];

describe('a short soak', () => {
  it('of the memory store, in one process', { timeout }, async () => {
    const report = await soak('memory');
    expectWork(report, []);
    expectClean(report);
  });

  it('of the SQLite store, in processes that are killed, on a file that is locked', { timeout }, async () => {
    const report = await soak('sqlite');
    expectWork(report, ['process killed', 'file locked']);
    expectClean(report);
  });
});

for (const [server, store] of [
  ['redis-server', 'redis'],
  ['postgres-server', 'postgres'],
] as const) {
  describeWithServer(server, `a short soak of the ${store} store`, () => {
    it('with a network that fails, a server that is killed and processes that are', { timeout }, async () => {
      const report = await soak(store);
      expectWork(report, [...network, 'process killed', 'server killed']);
      expectClean(report);
    });
  });
}
