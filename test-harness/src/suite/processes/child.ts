import type { Store } from 'express-session';
import { Station } from '../../histories/live/play.js';
import { FileLog } from '../../histories/recording/log.js';
import { callbackOf } from '../calls.js';
import { loaded, type RequestSession, saveError } from '../direct-request.js';
import { subjectFrom } from '../subject.js';
import type { Opening, Order, Report, ToChild } from './messages.js';

// The child of child-store.ts: makes a store of the subject and does with it what the parent says.

let store: Store | undefined;
let station: Station | undefined;
const kept: RequestSession[] = [];

async function open({ module, surroundings }: Opening): Promise<string[]> {
  const exported = (await import(module)) as { default?: unknown };
  store = await subjectFrom(exported.default).create(surroundings);
  return [];
}

async function carryOut(order: Order): Promise<string[]> {
  if (store === undefined) throw new Error('there is no store yet');
  const open = store;
  switch (order.order) {
    case 'load':
      kept.push(...(await Promise.all(order.ids.map((id) => loaded(open, id)))));
      return [];
    case 'save':
      for (const session of kept) session[order.key] = order.value;
      return texts(await saveAll(open));
    case 'destroy':
      return texts(await destroyAll(open, order.ids));
    case 'save and destroy': {
      for (const session of kept) session.saved = 'before';
      const before = saveAll(open);
      const destroyed = destroyAll(open, order.ids);
      for (const session of kept) session.saved = 'after';
      const after = saveAll(open);
      await Promise.all([before, after]);
      return texts(await destroyed);
    }
    case 'count':
      return texts(await Promise.all(Array.from({ length: order.times }, () => count(open, order.id))));
    case 'play': {
      station ??= new Station(open, order.station);
      const log = new FileLog(order.log);
      await station.play(order.play, log).finally(() => log.close());
      return [];
    }
  }
}

function saveAll(open: Store): Promise<unknown[]> {
  return Promise.all(kept.map((session) => saveError(open, session)));
}

function destroyAll(open: Store, ids: readonly string[]): Promise<unknown[]> {
  return Promise.all(ids.map(async (id) => (await callbackOf(open, 'destroy', id))[0]));
}

async function count(open: Store, id: string): Promise<unknown> {
  const addOne = (session: RequestSession) => {
    session.count += 1;
  };
  return (await callbackOf(open, 'update', id, addOne))[0];
}

function texts(errors: unknown[]): string[] {
  return errors.filter(Boolean).map(String);
}

process.on('message', async (message: ToChild) => {
  let report: Report;
  try {
    const errors = await ('opening' in message ? open(message.opening) : carryOut(message));
    report = { errors, failure: undefined };
  } catch (error) {
    report = { errors: [], failure: error instanceof Error ? (error.stack ?? error.message) : `${error}` };
  }
  process.send?.(report);
});
// The parent ends it so, and also when it dies itself.
process.on('disconnect', () => process.exit());
