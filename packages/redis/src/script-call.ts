import type { ServerClock } from '@session-stores/core';
import type { Connection } from './connection.js';
import type { Command, Driver } from './driver.js';
import { driverFailure, RedisFailure } from './redis-failure.js';
import type { Script } from './script.js';

/** What a script answered for one key, or why there is no answer. */
export type Reply = readonly unknown[] | number | RedisFailure;

/** Where scripts run. */
export interface ScriptTarget {
  readonly connection: Connection;
  readonly clock: ServerClock;
  readonly isCluster: boolean;
  /** How many replicas have to acknowledge what the script did. */
  readonly replicas: number;
  /** The last argument of a script that publishes what it changes. */
  readonly channel?: string | undefined;
}

/** One key and its arguments. */
export interface ScriptItem {
  readonly key: string;
  readonly arguments: readonly string[];
}

// How long the replicas have for it, in ms: less than the time of an attempt (1 s), so that the connection is kept.
const acknowledgeLimit = 500;

/**
 * Runs a script over many keys and answers in their order. On a single server it is one command. A Cluster takes no
 * command over several slots: there it is a command a key, all sent at once, and each finds its node by itself.
 *
 * @param items Called when there is a connection: what an argument says about time is then true.
 * @throws RedisFailure if there is no answer for any key.
 */
export async function callScript(
  target: ScriptTarget,
  signal: AbortSignal,
  script: Script,
  items: () => readonly ScriptItem[],
): Promise<readonly Reply[]> {
  return target.connection.use(signal, async (driver) => {
    if (!target.isCluster) return run(driver, target, script, items());
    const replies = await Promise.all(
      items().map(async (item): Promise<Reply> => {
        try {
          return (await run(driver, target, script, [item]))[0] as Reply;
        } catch (error) {
          return driverFailure(error, true);
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
  { clock, isCluster, replicas, channel }: ScriptTarget,
  script: Script,
  items: readonly ScriptItem[],
): Promise<readonly Reply[]> {
  const known = [
    `${items.length}`,
    ...items.map(({ key }) => key),
    ...items.flatMap((item) => item.arguments),
    ...(channel === undefined ? [] : [channel]),
  ];
  const { answers } = await evaluate(clock, script, known, async (command) => {
    try {
      return await send(driver, command, replicas);
    } catch (error) {
      // A pipeline does not follow the slot to its node as a single command does, which leaves the way known behind it.
      if (!isCluster || replicas === 0 || !says(error, 'MOVED')) throw error;
      await driver.send(['pttl', items[0]?.key ?? '']);
      return send(driver, command, replicas);
    }
  });
  const width = script.answersPerKey;
  return width === 1 ? answers : items.map((_, index) => answers.slice(index * width, (index + 1) * width));
}

/**
 * Runs a script on the server, which has to be told it once. `submit` sends the command, and may send it among others.
 * `now`: epoch ms there.
 */
export async function evaluate(
  clock: ServerClock,
  { digest, source }: Script,
  keysAndArguments: readonly string[],
  submit: (command: Command) => Promise<unknown>,
): Promise<{ readonly now: number; readonly answers: readonly Reply[] }> {
  let sent = Date.now();
  const reply = await submit(['evalsha', digest, ...keysAndArguments]).catch((error: unknown) => {
    // A server that was restarted, took over from another or flushed its scripts; EVAL also makes it remember this one.
    if (!says(error, 'NOSCRIPT')) throw error;
    sent = Date.now();
    return submit(['eval', source, ...keysAndArguments]);
  });
  const [now, answers] = reply as [number, Reply[]];
  clock.observe(sent, Number(now), Date.now());
  return { now: Number(now), answers };
}

function says(error: unknown, what: string): boolean {
  return error instanceof Error && error.message.includes(what);
}

/** Sends a command, and right behind it, where replicas have to acknowledge it, WAIT. */
async function send(driver: Driver, command: Command, replicas: number): Promise<unknown> {
  if (replicas === 0) return driver.send(command);
  const wait = ['wait', `${replicas}`, `${acknowledgeLimit}`];
  const [reply, acknowledged] = await driver.sendInRow([command, wait]);
  const count = Number(acknowledged);
  if (!(count >= replicas)) {
    throw new RedisFailure(
      'NOREPLICAS',
      `the primary did it, but only ${count} of ${replicas} replicas acknowledged it within ${acknowledgeLimit} ms`,
    );
  }
  return reply;
}
