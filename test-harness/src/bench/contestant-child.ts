import type { Store } from 'express-session';
import { type Subject, subjectFrom } from '../suite/subject.js';
import { serve } from './application.js';
import type { Answer, Order } from './messages.js';
import { StoreLoad } from './store-load.js';

// The child of contestant-process.ts: makes the store of one contestant and puts load on it when the parent says so. One
// store a process, as in an application: its code is compiled for it alone, and its garbage is nobody else's.

let subject: Subject | undefined;
let store: Store | undefined;
let load: StoreLoad | undefined;

async function carryOut(order: Order): Promise<Answer> {
  if (order.order === 'open') {
    subject = subjectFrom(((await import(order.module)) as { default?: unknown }).default);
    store = await subject.create(order.surroundings);
    return {};
  }
  if (store === undefined) throw new Error('there is no store yet');
  switch (order.order) {
    case 'measure':
      load ??= new StoreLoad(store);
      return { measurement: await load.measure(order.load) };
    case 'serve':
      return { port: await serve(store) };
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return { cpu: user + system };
    }
    case 'close': {
      const { close } = store as { close?: () => unknown };
      await (subject?.close === undefined ? close?.call(store) : subject.close(store));
      return {};
    }
  }
}

process.on('message', async (order: Order) => {
  let answer: Answer;
  try {
    answer = await carryOut(order);
  } catch (error) {
    answer = { failure: error instanceof Error ? (error.stack ?? error.message) : `${error}` };
  }
  process.send?.(answer);
});
// Whatever the store has open, the process ends with its parent.
process.on('disconnect', () => process.exit());
