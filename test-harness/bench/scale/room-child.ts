import { subjectFrom } from '@session-stores/test-harness';
import type { SessionData } from 'express-session';
import { sessionData } from '../../dist/bench/session-data.js';
import { destroy, set } from '../../dist/suite/calls.js';
import { sessionMaker } from '../../dist/suite/direct-request.js';
import { callEach } from './population.ts';
import { bytesOf, clean, type RoomTask } from './room.ts';

// One store in a process of its own, whose memory is that of its sessions.

/** So many are there before: tables and their first pages are not what a session takes. */
const first = 100;
const dayLong = 24 * 3_600_000;

async function measure(task: RoomTask): Promise<{ bytesPerSession: number }> {
  const subject = subjectFrom(((await import(task.module)) as { default?: unknown }).default);
  const namespace = `room_${process.pid}`;
  const { hostname: host, port } = new URL(task.url || 'none://127.0.0.1:0');
  const address = { host, port: Number(port) };
  const store = await subject.create({ namespace, directory: task.folder, address });
  const make = sessionMaker(store, dayLong);
  const idOf = (place: number): string => `${namespace}-${place}-`.padEnd(32, 'x');
  const create = (place: number): Promise<void> => {
    const session = make(idOf(place), sessionData(task.bytes, place)) as unknown as SessionData;
    return set(store, idOf(place), session);
  };
  await callEach(first, create);
  const before = await bytesOf[task.storage](task);
  await callEach(task.sessions, (index) => create(first + index));
  const after = await bytesOf[task.storage](task);
  await callEach(first + task.sessions, (index) => destroy(store, idOf(index)));
  const { close } = store as { close?: () => unknown };
  await (subject.close === undefined ? close?.call(store) : subject.close(store));
  await clean(task, namespace);
  return { bytesPerSession: (after - before) / task.sessions };
}

process.once('message', async (task: RoomTask) => {
  const answer = await measure(task).catch((error: Error) => ({ failure: error.stack ?? error.message }));
  process.send?.(answer, () => process.exit());
});
process.on('disconnect', () => process.exit());
