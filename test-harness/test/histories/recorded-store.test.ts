import { MemoryStore } from '@session-stores/memory';
import session, { type SessionData, type Store } from 'express-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { judge } from '../../src/histories/judge.js';
import { MachineClock } from '../../src/histories/recording/clock.js';
import { joined } from '../../src/histories/recording/join.js';
import { MemoryLog } from '../../src/histories/recording/log.js';
import { RecordedStore } from '../../src/histories/recording/recorded-store.js';
import type { Action } from '../../src/model/operation.js';
import { TestApplication } from '../../src/suite/application.js';

async function recordedApplication(store: Store, sessionName: (id: string) => string | undefined) {
  const log = new MemoryLog();
  const application = await TestApplication.start({ store });
  onTestFinished(() => application.close());
  new RecordedStore(store, { name: 'p', log, clock: new MachineClock(), sessionName });
  return { application, history: () => joined(log.entries) };
}

/** Names sessions in the order in which they are met. */
function numbered(): (id: string) => string {
  const ids: string[] = [];
  return (id) => {
    if (!ids.includes(id)) ids.push(id);
    return `s${ids.indexOf(id) + 1}`;
  };
}

/** Without the times and the names of objects. */
function briefly({ type, ...action }: Action & { changes?: unknown; runs?: unknown; begins?: unknown }) {
  const { changes, runs, begins } = action;
  return {
    type,
    ...(changes ? { changes } : {}),
    ...(runs ? { runs } : {}),
    ...(begins ? { begins: true } : {}),
  };
}

/** Resolves when the callback has been called without an error. */
function answered(call: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
}

/** What a request does that is still running when its user logs out. */
async function logOutWithinSlowRequest(application: TestApplication): Promise<void> {
  const client = application.client();
  await client.post('/login', { user: 'ada' });
  const gate = application.gate('slow');
  const slow = client.post('/slow/write', { gate: 'slow', key: 'cart', value: 'tea' });
  await gate.arrived(1);
  await client.post('/logout');
  gate.open();
  await slow;
  await client.get('/session');
}

describe('the recorder of an application', () => {
  it('tells what requests changed of what they had loaded, and what they were answered', async () => {
    const store = new MemoryStore();
    const { application, history } = await recordedApplication(store, numbered());
    const client = application.client();
    await client.post('/login', { user: 'ada' });
    await client.post('/write', { key: 'notes', value: { k1: 1, k2: [2] } });
    await client.get('/session');
    await client.post('/logout');
    expect(history().map(({ session: named, action, answer }) => [named, briefly(action), answer])).toEqual([
      ['s1', { type: 'save', changes: [{ user: '"ada"' }], begins: true }, 'done'],
      ['s1', { type: 'get' }, { session: { user: '"ada"' } }],
      ['s1', { type: 'save', changes: [{ 'notes.k1': '1', 'notes.k2': '[2]' }] }, 'done'],
      ['s1', { type: 'get' }, { session: { user: '"ada"', 'notes.k1': '1', 'notes.k2': '[2]' } }],
      ['s1', { type: 'touch' }, 'done'],
      ['s1', { type: 'get' }, { session: { user: '"ada"', 'notes.k1': '1', 'notes.k2': '[2]' } }],
      ['s1', { type: 'destroy' }, 'done'],
    ]);
    expect(judge(history()).verdict).toBe('right');
  });

  it('tells of updates what they found and made, and of destroyMany each session', async () => {
    const store = new MemoryStore();
    const { history } = await recordedApplication(store, (id) => id);
    const data = { cookie: { originalMaxAge: null }, count: 1 } as unknown as SessionData;
    await answered((done) => store.set('a', data, done));
    const countTo2 = (found: SessionData) => ({ ...found, count: 2 }) as SessionData;
    await answered((done) => store.update('a', countTo2, done));
    await answered((done) => store.destroyMany(['a', 'b'], done));
    const runs = [{ found: { count: '1' }, made: { count: '2' } }];
    expect(history().map(({ session: named, action, answer }) => [named, briefly(action), answer])).toEqual([
      ['a', { type: 'replace' }, 'done'],
      ['a', { type: 'update', runs }, { session: { count: '2' } }],
      ['a', { type: 'destroy' }, 'done'],
      ['b', { type: 'destroy' }, 'done'],
    ]);
  });

  it('records no session that has no name', async () => {
    const { application, history } = await recordedApplication(new MemoryStore(), () => undefined);
    await application.client().post('/login', { user: 'ada' });
    expect(history()).toEqual([]);
  });

  it('lets the judge accept a store that keeps a logout', async () => {
    const { application, history } = await recordedApplication(new MemoryStore(), numbered());
    await logOutWithinSlowRequest(application);
    expect(judge(history()).verdict).toBe('right');
  });

  it("lets the judge convict express-session's own MemoryStore of bringing a session back", async () => {
    const { application, history } = await recordedApplication(new session.MemoryStore(), numbered());
    await logOutWithinSlowRequest(application);
    const { verdict, violations } = judge(history());
    expect(verdict).toBe('wrong');
    expect(violations).toMatchObject([{ session: 's1', keys: [] }]);
  });
});
