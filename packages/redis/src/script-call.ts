import type { ServerClock } from '@session-stores/core';
import type { Connection } from './connection.js';
import type { Driver } from './redis-client.js';
import { driverFailure, RedisFailure } from './redis-failure.js';
import type { Script } from './scripts.js';

/** What a script answered for one key, or why there is no answer. */
export type Reply = readonly unknown[] | number | RedisFailure;

/** Where scripts run. */
export interface ScriptTarget {
  readonly connection: Connection;
  readonly clock: ServerClock;
  readonly isCluster: boolean;
}

/** One key and its arguments. */
export interface ScriptItem {
  readonly key: string;
  readonly arguments: readonly (string | number)[];
}

/**
 * Runs a script over many keys and answers in their order. On a single server it is one command. A Cluster takes no
 * command over several slots: there it is a command a key, all sent at once, and each finds its node by itself.
 *
 * @param items Called when there is a connection: what an argument says about time is then true.
 * @throws RedisFailure if there is no answer for any key.
 */
export async function callScript(
  { connection, clock, isCluster }: ScriptTarget,
  signal: AbortSignal,
  script: Script,
  items: () => readonly ScriptItem[],
): Promise<readonly Reply[]> {
  return connection.use(signal, async (driver) => {
    if (!isCluster) return run(driver, clock, script, items());
    const replies = await Promise.all(
      items().map(async (item): Promise<Reply> => {
        try {
          return (await run(driver, clock, script, [item]))[0] as Reply;
        } catch (error) {
          return driverFailure(error, isCluster);
        }
      }),
    );
    // Nobody answered: the connection, not the items.
    const [first] = replies;
    if (first instanceof RedisFailure && replies.every((reply) => reply instanceof RedisFailure)) throw first;
    return replies;
  });
}

async function run(
  driver: Driver,
  clock: ServerClock,
  script: Script,
  items: readonly ScriptItem[],
): Promise<readonly Reply[]> {
  const parameters = [
    items.length,
    ...items.map(({ key }) => key),
    ...items.flatMap((item) => item.arguments),
  ];
  const sent = Date.now();
  const [now, answers] = (await evaluate(driver, script, parameters)) as [number, Reply[]];
  clock.observe(sent, Number(now), Date.now());
  const width = script.answersPerKey;
  return width === 1 ? answers : items.map((_, index) => answers.slice(index * width, (index + 1) * width));
}

async function evaluate(driver: Driver, script: Script, parameters: (string | number)[]): Promise<unknown> {
  try {
    return await driver.evalsha(script.digest, ...parameters);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('NOSCRIPT')) throw error;
    // A server that was restarted, took over from another or flushed its scripts; EVAL also makes it remember this one.
    return driver.eval(script.source, ...parameters);
  }
}
