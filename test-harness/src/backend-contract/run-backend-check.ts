import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionBackend } from '@session-stores/core';
import type { Surroundings } from '../suite/subject.js';
import type { BackendCheck, BackendNeed, BackendSubject, BackendTrial } from './backend-check.js';

/** Ms that one call may take: many times what any needs, so that only a call that hangs meets it. */
const callTime = 20_000;

/** Whether the subject can take part in a check. */
export function applies(check: BackendCheck, subject: BackendSubject): boolean {
  const meets = (need: BackendNeed): boolean => {
    if (need === 'shared') return subject.shared === true;
    if (need === 'watch') return subject.watches === true;
    if (need === 'count' || need === 'clear' || need === 'prune') return !subject.without?.includes(need);
    return subject.spoiled?.primitives.some((primitive) => need === `spoiled ${primitive}`) ?? false;
  };
  return (check.needs ?? []).every(meets);
}

/** Runs one check on a new backend of the subject and closes everything. Rejects where the sentence is not true. */
export async function runBackendCheck(check: BackendCheck, subject: BackendSubject): Promise<void> {
  const backends: SessionBackend[] = [];
  const directories: string[] = [];
  // One signal for all calls of a check: they share its time.
  const context = { signal: AbortSignal.timeout(callTime) };

  const newSurroundings = async (): Promise<Surroundings> => {
    // Of one length, so that none begins another.
    const namespace = `contract_${randomBytes(8).toString('hex')}`;
    const directory = await mkdtemp(join(tmpdir(), `${namespace}-`));
    directories.push(directory);
    return { namespace, directory, address: undefined };
  };
  const create = async (surroundings: Surroundings): Promise<SessionBackend> => {
    const backend = await subject.create(surroundings);
    backends.push(backend);
    return backend;
  };
  const open = async (surroundings: Surroundings): Promise<SessionBackend> => {
    const backend = await create(surroundings);
    await backend.open?.({ ...context, onEvicted() {}, onError() {} });
    return backend;
  };

  try {
    const surroundings = await newSurroundings();
    const backend = await open(surroundings);
    const trial: BackendTrial = {
      backend,
      context,
      subject,
      createBackend: () => open(surroundings),
      createForeignBackend: async () => open(await newSurroundings()),
      createClosedBackend: async () => create(await newSurroundings()),
      async spoil(id) {
        if (subject.spoiled === undefined) throw new Error(`${subject.name} does not say how to spoil an id`);
        await subject.spoiled.apply(id, surroundings, backend);
      },
    };
    await check.run(trial);
  } finally {
    await Promise.all(backends.map((backend) => backend.close()));
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
}
