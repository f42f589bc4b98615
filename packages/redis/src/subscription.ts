import { randomBytes } from 'node:crypto';
import { type Subscriber, type Subscription, untilAborted } from '@session-stores/core';
import type { Connection } from './connection.js';
import type { Driver, DriverSource } from './driver.js';
import { driverFailure, RedisFailure } from './redis-failure.js';

/**
 * Subscribes to a channel on a connection of its own. Beats come from the connection that changes are made on, on a Cluster
 * from each primary: a subscription to a server that was cut off from the others, or is no primary any more, hears none.
 */
export async function subscribe(
  source: DriverSource,
  changes: Connection,
  channel: string,
  { signal, hear, broken }: Subscriber,
): Promise<Subscription> {
  const beats = `${channel}:${randomBytes(9).toString('base64url')}`;
  const driver = source.openSubscriber(await ready(changes, signal));
  let reason: unknown;
  driver.on('error', (error) => {
    reason = error;
  });
  driver.on('end', () => {
    const failure = reason ?? new RedisFailure('CONNECTION', 'the subscribed connection was closed');
    broken(driverFailure(failure, source.isCluster));
  });
  try {
    await untilAborted(driver.connect(), signal, closed);
    await untilAborted(driver.subscribe([channel, beats], hear), signal, closed);
  } catch (error) {
    driver.hangUp();
    throw driverFailure(error, source.isCluster);
  }
  return {
    ways: (signal) => {
      if (!source.isCluster)
        return [async (text) => (await ready(changes, signal)).send(['publish', beats, text])];
      const masters = changes.driver?.nodes?.('master') ?? [];
      // Without any there is no way, and no beat proves anything.
      if (masters.length === 0) throw new RedisFailure('CLUSTERDOWN', 'no primary of the Cluster is known');
      return masters.map((master) => (text: string) => master.send(['publish', beats, text]));
    },
    close: () => driver.hangUp(),
  };
}

/** The driver that calls go to. It is not held: a beat that fails must not give up a connection that calls wait on. */
function ready(connection: Connection, signal: AbortSignal): Promise<Driver> {
  return connection.use(signal, async (driver) => driver);
}

function closed(): RedisFailure {
  return new RedisFailure('CONNECTION', 'the subscription was given up');
}
