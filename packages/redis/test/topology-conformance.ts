import {
  checks,
  describeSessionStore,
  startRedisCluster,
  startRedisSentinel,
} from '@session-stores/test-harness';
import { afterAll, describe, inject, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { subjectOn, type Where } from './topology-subject.js';

/** Servers, how they are reached, and what of the suite they are for. */
interface Place {
  readonly where: Omit<Where, 'retries'>;
  readonly checks?: typeof checks;
  stop(): Promise<void>;
}

// Nobody fails here, and a machine that is busy with the suite must not be mistaken for it.
const patience = 60_000;

const places = {
  'a Cluster': async (): Promise<Place> => {
    const args = ['--cluster-node-timeout', `${patience}`];
    const cluster = await startRedisCluster({ masters: 3, replicas: 1, args });
    const where = { addresses: cluster.nodes.map(({ address }) => address) };
    return { where, stop: () => cluster.stop() };
  },
  // One master has all slots, so that the suite's proxy can stand before all of them.
  'a Cluster of one, behind the fault proxy': async (): Promise<Place> => {
    const cluster = await startRedisCluster({ masters: 1 });
    const [node] = cluster.nodes;
    const network = node?.address;
    const where = { addresses: cluster.nodes.map(({ address }) => address), network };
    const onNetwork = checks.filter(({ needs }) => needs.includes('network'));
    return { where, checks: onNetwork, stop: () => cluster.stop() };
  },
  Sentinel: async (): Promise<Place> => {
    const sentinel = await startRedisSentinel({ replicas: 1, downAfter: patience });
    const where = { addresses: sentinel.sentinels, name: sentinel.name };
    return { where, stop: () => sentinel.stop() };
  },
};

/** Registers the suite on one of these places. To be awaited: the checks are registered when the servers run. */
export async function describeSuiteOn(name: keyof typeof places, retries: boolean): Promise<void> {
  const place = inject('servers')['redis-server'] === undefined ? undefined : await places[name]();
  describeWithServer('redis-server', `the suite on ${name}`, () => {
    if (place === undefined) return;
    afterAll(() => place.stop());
    const subject = subjectOn({ ...place.where, retries });
    // What waits for a network runs with others that do; what works all the time would only be in their way.
    const runner = { describe, it: subject.supports?.network === undefined ? it : it.concurrent };
    describeSessionStore(subject, runner, { checks: place.checks });
  });
}
