import { randomBytes } from 'node:crypto';
import { type Subscriber, type Subscription, untilAborted } from '@session-stores/core';
import { type Connections, run } from './connections.js';
import { failureOf, PostgresFailure } from './postgres-failure.js';
import { channelOf } from './statements.js';

/** What a client of pg tells beside its errors. */
interface Listening {
  on(event: 'end' | 'notification', listener: (message?: { readonly payload?: string }) => void): unknown;
}

/**
 * Listens on a connection of its own. The server tells what was committed in the order of the commits, and so a beat, which
 * is committed on a connection of the pool, comes after every change before it.
 */
export async function subscribe(
  connections: Connections,
  table: string,
  { signal, hear, broken }: Subscriber,
): Promise<Subscription> {
  const client = await connections.take(signal);
  let released = false;
  const close = (): void => {
    if (!released) client.release(true);
    released = true;
  };
  try {
    const { on } = client as unknown as Listening;
    client.on('error', (error) => broken(failureOf(error)));
    on.call(client, 'end', () =>
      broken(new PostgresFailure('CONNECTION', 'the listening connection was closed', true)),
    );
    on.call(client, 'notification', (message) => hear(message?.payload ?? ''));
    const ask = (text: string) => untilAborted(run(client, { text }), signal, givenUp);
    const { rows } = await ask(`select ${channelOf(table)}`);
    const beats = `_${randomBytes(8).toString('hex')}`;
    for (const channel of [rows[0]?.[0], `${rows[0]?.[0]}${beats}`]) await ask(`listen "${channel}"`);
    // By the table as it is called now: one that was made anew is told of on another channel, and this one hears no beat.
    const text = `select pg_notify(${channelOf(table)} || '${beats}', $1)`;
    return {
      ways: (signal) => [(beat) => connections.query(signal, { text }, () => [beat])],
      close,
    };
  } catch (error) {
    close();
    throw failureOf(error);
  }
}

function givenUp(): PostgresFailure {
  return new PostgresFailure('CONNECTION', 'the watch was given up', true);
}
