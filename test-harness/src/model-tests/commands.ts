import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import type { FaultMode } from '../faults/fault-proxy.js';
import type { HeldSession } from '../histories/recording/held-session.js';
import type { RecordedClient } from '../histories/recording/recorder.js';
import { type SessionName, type Stand, sessions } from './stand.js';

/** A step of a script. What it needs and what becomes of it is known by the stand, which is its own model. */
type Command = fc.AsyncCommand<Stand, Stand>;

const keys = ['a', 'b'] as const;

/** Which steps scripts have. */
export interface Steps {
  readonly clients: number;
  readonly update: boolean;
  readonly touch: boolean;
  readonly clear: boolean;
  readonly faults: boolean;
}

export function scripts({ clients, update, touch, clear, faults }: Steps, maxCommands: number) {
  const who = fc.record({
    client: fc.nat(clients - 1),
    isAwaited: fc.oneof(fc.constant(true), fc.boolean()),
  });
  const where = fc.constantFrom(...sessions);
  const key = fc.constantFrom(...keys);
  const steps: fc.Arbitrary<Command>[] = [
    fc.tuple(who, where).map(([whose, session]) => get(whose, session)),
    fc.tuple(who, where).map(([whose, session]) => begin(whose, session)),
    fc.tuple(who, key, fc.nat(4)).map(([whose, name, choice]) => set(whose, name, choice === 0)),
    fc.tuple(who, key, fc.nat(4)).map(([whose, name, choice]) => set(whose, name, choice === 0)),
    fc.tuple(who, where).map(([whose, session]) => replace(whose, session)),
    fc.tuple(who, where).map(([whose, session]) => destroy(whose, session)),
    fc.constantFrom(40, 90).map(passing),
  ];
  if (update) steps.push(fc.tuple(who, where).map(([whose, session]) => count(whose, session)));
  if (touch) steps.push(who.map(touched), who.map(keptAlive));
  if (clear) steps.push(who.map(cleared));
  if (faults) {
    const modes = fc.constantFrom<FaultMode>('refuse', 'reset', 'hang', 'cutReplies');
    steps.push(fc.tuple(modes, fc.integer({ min: 5, max: 80 })).map(([mode, time]) => failing(mode, time)));
  }
  return fc.commands(steps, { maxCommands, size: 'max' });
}

interface Whose {
  readonly client: number;
  /** Whether the script waits for the answer. */
  readonly isAwaited: boolean;
}

function get(whose: Whose, session: SessionName): Command {
  return step(whose, `get ${session}`, async (client, stand) => {
    stand.hold(whose.client, await client.load(stand.id(session)));
  });
}

function begin(whose: Whose, session: SessionName): Command {
  return step(whose, `begin ${session}`, async (client, stand) => {
    const made = client.make(stand.id(session), { user: stand.value() });
    stand.hold(whose.client, made);
    await client.save(made);
  });
}

function set(whose: Whose, key: string, isDeleted: boolean): Command {
  const did = isDeleted ? `set without ${key}` : `set with another ${key}`;
  return stepOfHolder(whose, did, (client, held, stand) => {
    if (isDeleted) delete held.session[key];
    else held.session[key] = stand.value();
    return client.save(held);
  });
}

function touched(whose: Whose): Command {
  return stepOfHolder(whose, 'touch', (client, held) => client.touch(held));
}

/** Two times longer than half of the short lifetime: only a session that was touched in between lives on. */
function keptAlive(whose: Whose): Command {
  return stepOfHolder(whose, 'touch between two times of 40 ms', async (client, held) => {
    await wait(40);
    await client.touch(held);
    await wait(40);
  });
}

function replace(whose: Whose, session: SessionName): Command {
  return step(whose, `set ${session} to a plain object`, (client, stand) =>
    client.replace(stand.id(session), { a: stand.value() }),
  );
}

function count(whose: Whose, session: SessionName): Command {
  return step(whose, `update ${session} twice at once`, (client, stand) => {
    const once = () =>
      client.update(stand.id(session), (found) => ({ ...found, count: Number(found.count ?? 0) + 1 }));
    return Promise.all([once(), once()]);
  });
}

function destroy(whose: Whose, session: SessionName): Command {
  return step(whose, `destroy ${session}`, (client, stand) => client.destroy(stand.id(session)));
}

function cleared(whose: Whose): Command {
  return step(whose, 'clear', (client) => client.clear());
}

function passing(time: number): Command {
  return {
    check: () => true,
    run: () => wait(time),
    toString: () => `${time} ms pass`,
  };
}

function failing(mode: FaultMode, time: number): Command {
  return {
    check: () => true,
    run: (_, stand) => stand.fail(mode, time),
    toString: () => `the network does ${mode} for ${time} ms`,
  };
}

type Work = (client: RecordedClient, stand: Stand) => Promise<unknown>;

function step({ client, isAwaited }: Whose, did: string, work: Work): Command {
  return {
    check: () => true,
    run: (_, stand) => stand.do(work(stand.client(client), stand), isAwaited),
    toString: () => told(client, did, isAwaited),
  };
}

/** A step of one of those who have a session object, which they loaded or made. */
function stepOfHolder(
  { client: which, isAwaited }: Whose,
  did: string,
  work: (client: RecordedClient, held: HeldSession, stand: Stand) => Promise<unknown>,
): Command {
  let shown = did;
  return {
    check: (stand) => stand.holders.length > 0,
    run: async (_, stand) => {
      const client = stand.holders[which % stand.holders.length] ?? 0;
      const held = stand.held(client);
      if (held === undefined) return;
      shown = told(client, `${did}, of the session object for ${stand.nameOf(held.id)}`, isAwaited);
      await stand.do(work(stand.client(client), held, stand), isAwaited);
    },
    toString: () => shown,
  };
}

function told(client: number, did: string, isAwaited: boolean): string {
  return `client ${client}: ${did}${isAwaited ? '' : ', not waiting'}`;
}
