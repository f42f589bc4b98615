import type { SessionBackend } from '@session-stores/core';
import type { Figures, Task } from './figures.ts';
import { Population } from './population.ts';
import { massDestroy, type Speed, speedOf, speeds } from './speed.ts';
import { collectGarbage, openStorage } from './storages.ts';
import { sweepBeside } from './sweep.ts';

// One storage in a process of its own, whose memory is that of its sessions.

const rounds = 7;
const destroyed = 10_000;

async function measure(task: Task): Promise<Figures> {
  const storage = openStorage(task.storage, task.url, task.folder);
  const few = new Population(storage.backend('few'), task.bytes);
  const many = new Population(storage.backend('many'), task.bytes);
  await few.growTo(task.few);
  await many.growTo(task.few);
  // Twice, because the first time is not like the others: code is compiled, connections are made.
  await speedOf(few);
  await speedOf(many);
  const before = await storage.bytes();
  await many.growTo(task.many);
  const bytesPerSession = ((await storage.bytes()) - before) / (task.many - task.few);
  const results = { few: [] as Record<Speed, number>[], many: [] as Record<Speed, number>[] };
  for (let round = 0; round < rounds; round++) {
    results.few.push(await speedOf(few));
    results.many.push(await speedOf(many));
  }
  const scan = await scanOf(many.backend);
  const count = Math.min(destroyed, task.many);
  const rates = await massDestroy(many, count);
  const sweep = await sweepBeside(many, Math.floor(task.many / 2), task.bytes);
  for (const { backend, store } of [few, many]) {
    // A server may be the user's own.
    await backend.clear?.({ signal: AbortSignal.timeout(600_000), grace: 0 });
    await store.close();
  }
  await storage.close();
  return {
    storage: task.storage,
    few: medians(results.few),
    many: medians(results.many),
    bytesPerSession,
    scan,
    sweep,
    massDestroy: { count, ...rates },
  };
}

async function scanOf(backend: SessionBackend): Promise<Figures['scan']> {
  collectGarbage();
  const held = process.memoryUsage().heapUsed;
  const began = performance.now();
  let sessions = 0;
  let heldBytes = 0;
  let looked = 0;
  for await (const page of backend.scan({ signal: AbortSignal.timeout(3_600_000) })) {
    sessions += page.length;
    if (sessions < looked + 100_000) continue;
    looked = sessions;
    collectGarbage();
    heldBytes = Math.max(heldBytes, process.memoryUsage().heapUsed - held);
  }
  return { seconds: (performance.now() - began) / 1000, sessions, heldBytes };
}

function medians(results: readonly Record<Speed, number>[]): Record<Speed, number> {
  const median = (speed: Speed): number => {
    const sorted = results.map((result) => result[speed]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return Object.fromEntries(speeds.map((speed) => [speed, median(speed)])) as Record<Speed, number>;
}

process.once('message', async (task: Task) => {
  const answer = await measure(task).catch((error: Error) => ({ failure: error.stack ?? error.message }));
  process.send?.(answer, () => process.exit());
});
process.on('disconnect', () => process.exit());
