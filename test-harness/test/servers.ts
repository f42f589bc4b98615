import type { TestProject } from 'vitest/node';
import { startSharedServers } from '../src/servers/at-hand.js';
import '../src/servers/needs.js';

/** Vitest's global setup: the servers of a run are started once and outlive every test file. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startSharedServers();
  project.provide('servers', servers.atHand);
  return () => servers.stop();
}
