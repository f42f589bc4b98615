import type { Store } from 'express-session';
import { callbackOf, clear, destroy, get } from '../calls.js';
import type { Check } from '../check.js';
import { loaded, type RequestSession, save, saveError, sessionMaker } from '../direct-request.js';
import { expectEqual, expectThat } from '../expectations.js';

const area = 'resurrection';

/** Saves so many new sessions, a hundred at a time, and resolves to their ids. */
export async function begin(store: Store, count: number): Promise<string[]> {
  const make = sessionMaker(store);
  const ids = Array.from({ length: count }, (_, index) => `session ${index}`);
  await inPortions(ids, (id) => save(store, make(id, { user: 'ada' })));
  return ids;
}

export async function aliveOf(store: Store, ids: readonly string[]): Promise<number> {
  const found = await inPortions(ids, (id) => get(store, id));
  return found.filter((session) => session !== undefined).length;
}

async function inPortions<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += 100) {
    results.push(...(await Promise.all(items.slice(start, start + 100).map(work))));
  }
  return results;
}

function saveAll(store: Store, sessions: readonly RequestSession[], key: string): Promise<unknown[]> {
  return Promise.all(
    sessions.map((session) => {
      session[key] = true;
      return saveError(store, session);
    }),
  );
}

/** Many sessions that end at once while requests are saving them. */
export const manyResurrectionChecks: readonly Check[] = [
  {
    id: 'resurrection/thousand-logouts',
    title: 'of 1,000 sessions that are destroyed at once while requests save them, none lives afterwards',
    area,
    level: 'promise',
    needs: [],
    timeout: 90_000,
    async run(trial) {
      const store = await trial.createStore();
      const ids = await begin(store, 1_000);
      const held = await inPortions(ids, (id) => loaded(store, id));
      const others = await inPortions(ids, (id) => loaded(store, id));
      const saving = saveAll(store, held, 'before');
      const destroying = Promise.all(ids.map((id) => destroy(store, id)));
      const savingMore = saveAll(store, others, 'meanwhile');
      await Promise.all([saving, destroying, savingMore]);
      const did = 'destroyed 1,000 sessions at once while each was saved by two requests';
      expectEqual(`${did}, counted those alive`, await aliveOf(store, ids), 0);
      await saveAll(store, held, 'afterwards');
      expectEqual(`${did}, saved them again, counted those alive`, await aliveOf(store, ids), 0);
    },
  },
  {
    id: 'resurrection/hundred-logouts',
    title: 'of 100 users who log out at once while their requests are ending, nobody is logged in afterwards',
    area,
    level: 'promise',
    needs: [],
    timeout: 60_000,
    async run(trial) {
      const app = await trial.startApplication();
      const browsers = Array.from({ length: 100 }, () => app.client());
      const logins = await Promise.all(browsers.map((browser) => browser.post('/login', { user: 'ada' })));
      const cookies = browsers.map(({ cookie }) => cookie);
      // One half of the requests end together with the logouts, the other half after them.
      const gate = (index: number) => (index % 2 === 0 ? 'meanwhile' : 'afterwards');
      const slow = browsers.map((browser, index) =>
        browser.clone().post('/slow/write', { gate: gate(index), key: 'cart', value: ['tea'] }),
      );
      await app.gate('meanwhile').arrived(browsers.length / 2);
      await app.gate('afterwards').arrived(browsers.length / 2);
      const logouts = browsers.map((browser) => browser.post('/logout'));
      app.gate('meanwhile').open();
      await Promise.all(logouts);
      app.gate('afterwards').open();
      await Promise.all(slow);
      const did = '100 users logged out at once while their requests were ending';
      const ids = logins.map(({ body }) => body.id as string);
      expectEqual(`${did}, counted the sessions alive`, await aliveOf(app.store, ids), 0);
      const again = await Promise.all(cookies.map((cookie) => app.client(cookie).get('/session')));
      const known = again.filter(({ body }) => body.data?.user !== undefined).length;
      expectEqual(`${did}, counted the cookies that still open a session`, known, 0);
    },
  },
  {
    id: 'resurrection/destroy-many',
    title: 'sessions that destroyMany ends while requests save them stay dead',
    area,
    level: 'promise',
    needs: ['destroyMany'],
    async run(trial) {
      const store = await trial.createStore();
      const ids = await begin(store, 100);
      const held = await inPortions(ids, (id) => loaded(store, id));
      const saving = saveAll(store, held, 'before');
      const destroying = callbackOf(store, 'destroyMany', ids);
      const savingMore = saveAll(store, held, 'meanwhile');
      const [error] = await destroying;
      await Promise.all([saving, savingMore]);
      await saveAll(store, held, 'afterwards');
      const did = 'destroyed 100 sessions by destroyMany before, between and after saves of them';
      expectThat(!error, did, 'success', error);
      expectEqual(`${did}, counted those alive`, await aliveOf(store, ids), 0);
    },
  },
  {
    id: 'resurrection/clear',
    title: 'sessions that clear ends while requests save them stay dead',
    area,
    level: 'promise',
    needs: ['clear'],
    async run(trial) {
      const store = await trial.createStore();
      const ids = await begin(store, 100);
      const held = await inPortions(ids, (id) => loaded(store, id));
      const saving = saveAll(store, held, 'before');
      const clearing = clear(store);
      const savingMore = saveAll(store, held, 'meanwhile');
      await Promise.all([saving, clearing, savingMore]);
      await saveAll(store, held, 'afterwards');
      const did = 'cleared the store before, between and after saves of its 100 sessions';
      expectEqual(`${did}, counted those alive`, await aliveOf(store, ids), 0);
    },
  },
];
