import type { Measurement } from './contestant.js';

/** Makes call number `index` and reports its end, before or after it returns. */
export type Call = (index: number, done: (error?: unknown) => void) => void;

/**
 * Keeps so many calls in flight, each answer followed by the next call, while `goesOn` says so and at least once, and measures. Rejects with the
 * first error, and where a call is answered twice.
 */
export async function closedLoop(
  inFlight: number,
  goesOn: (started: number) => boolean,
  call: Call,
): Promise<Measurement & { readonly count: number }> {
  const latencies: number[] = [];
  const over = Promise.withResolvers<void>();
  let started = 0;
  let running = 0;
  let failed = false;

  const fail = (error: unknown) => {
    failed = true;
    over.reject(error);
  };
  const work = () => {
    // A loop, because a store may answer before it returns, and recursion would then not end.
    while (!failed && (started === 0 || goesOn(started))) {
      const index = started++;
      const began = performance.now();
      let answered = false;
      let returned = false;
      call(index, (error) => {
        if (answered) return fail(new Error('a call was answered twice'));
        answered = true;
        if (error) return fail(error);
        latencies.push(performance.now() - began);
        if (returned) work();
      });
      returned = true;
      if (!answered) return;
    }
    running -= 1;
    if (running === 0) over.resolve();
  };

  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  running = inFlight;
  for (let worker = 0; worker < inFlight; worker++) work();
  await over.promise;
  const elapsed = performance.now() - began;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    count: latencies.length,
    perSecond: (1000 * latencies.length) / elapsed,
    ...percentiles(latencies),
    cpu: (user + system) / latencies.length,
  };
}

function percentiles(latencies: readonly number[]): { p50: number; p99: number } {
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
