import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import {
  loaded,
  type RequestSession,
  save,
  sessionMaker,
} from '../../../test-harness/src/suite/direct-request.js';
import { MongoStore } from '../src/index.js';

const inFlight = 64;
const count = 2_000;
/** Of ten saves one meets what another request has saved since. */
const conflictEvery = 10;
const operationsPerCommand = 16;

describeWithServer('mongo', `what ${count} operations cost, ${inFlight} in flight`, (url) => {
  const client = new MongoClient(url, { monitorCommands: true });
  const store = new MongoStore({ client, database: 'session_stores_counts', collection: 'counted' });
  const sessions = new Map<string, RequestSession>();
  const make = sessionMaker(store);
  const ids = Array.from({ length: count }, (_, number) => `id ${number}`);
  let commands: string[] = [];

  client.on('commandStarted', ({ commandName }) => commands.push(commandName));

  /** Runs `call` for each id, so many at once, and resolves to how many commands of MongoDB that took. */
  async function commandsOf(calls: readonly (() => Promise<unknown>)[]): Promise<number> {
    commands = [];
    const waiting = calls.values();
    const work = async (): Promise<void> => {
      for (const call of waiting) await call();
    };
    await Promise.all(Array.from({ length: inFlight }, work));
    return commands.length;
  }
  const each = (call: (id: string) => Promise<unknown>): Promise<number> =>
    commandsOf(ids.map((id) => () => call(id)));
  const bound = count / operationsPerCommand;

  beforeAll(async () => {
    await store.length();
  });
  afterAll(async () => {
    await store.clear();
    await store.close();
    await client.close();
  });

  it('is a command for 16 of a kind at the most, saves that meet the change of another included', async () => {
    expect(await each((id) => save(store, make(id, { n: 0 })))).toBeLessThanOrEqual(bound);
    expect(await each(async (id) => sessions.set(id, await loaded(store, id)))).toBeLessThanOrEqual(bound);
    expect(await each((id) => store.touch(id, sessions.get(id) as RequestSession))).toBeLessThanOrEqual(
      bound,
    );

    // What another process does costs this one nothing.
    const otherClient = new MongoClient(url);
    const other = new MongoStore({
      client: otherClient,
      database: 'session_stores_counts',
      collection: 'counted',
    });
    let conflicts = 0;
    store.on('conflict', () => conflicts++);
    const contended = ids.filter((_, number) => number % conflictEvery === 0);
    await Promise.all(
      contended.map((id) => other.update(id, (session) => Object.assign(session, { other: 1 }) as never)),
    );
    await other.close();
    await otherClient.close();
    expect(
      await each((id) => save(store, Object.assign(sessions.get(id) as RequestSession, { n: 1 }))),
    ).toBeLessThanOrEqual(bound);
    expect(conflicts).toBe(contended.length);
    expect(await store.get('id 0')).toMatchObject({ n: 1, other: 1 });

    expect(await each((id) => store.destroy(id))).toBeLessThanOrEqual(bound);
    expect(await store.length()).toBe(0);
  }, 90_000);
});
