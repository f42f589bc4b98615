import type { BenchmarkOptions } from './benchmark.js';
import { Child } from './child-process.js';
import type { Measurement } from './contestant.js';
import { ContestantProcess } from './contestant-process.js';
import type { Field, Runner } from './field.js';
import type { Requests, Responses } from './load-generator.js';
import { type ApplicationResult, mediansOf, type RequestKind, requests } from './report.js';

type Sent = Exclude<Responses, { failure: string }>;
type Generator = Child<Requests, Sent>;

/** Visitors of an application, who log in, come back, change something and log out. */
const visitors = 1000;

/** Takes the applications of all contestants through all requests, round after round. */
export async function measureApplications(
  field: Field,
  options: BenchmarkOptions,
): Promise<ApplicationResult[]> {
  const { rounds, applicationConnections: connections, signal, onProgress } = options;
  const generator: Generator = new Child(new URL('./load-generator.js', import.meta.url), 120_000);
  const collected = new Map<string, { title: string; request: RequestKind; rounds: Measurement[] }>();
  const ports = new Map<Runner, number>();
  const cookies = new Map<Runner, readonly string[]>();
  try {
    for (const runner of field.inTurn(0)) {
      const { gauge } = runner;
      if (!(gauge instanceof ContestantProcess) || runner.contestant.role === 'limit') continue;
      const port = await field.attempt(runner, () => gauge.serve());
      if (port !== undefined) ports.set(runner, port);
    }
    for (let round = 0; round <= rounds && !signal?.aborted; round++) {
      onProgress?.(
        `application, ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`,
        round / (rounds + 1),
      );
      for (const request of requests) {
        for (const runner of field.inTurn(round)) {
          const measurement = await measure(runner, request);
          if (measurement === undefined || round === 0) continue;
          const { title } = runner.contestant;
          const key = JSON.stringify([title, request]);
          if (!collected.has(key)) collected.set(key, { title, request, rounds: [] });
          collected.get(key)?.rounds.push(measurement);
        }
      }
    }
  } finally {
    generator.stop();
  }
  return [...collected.values()].map(({ title, request, rounds: all }) => ({
    title,
    request,
    connections,
    ...mediansOf(all),
    rounds: all,
  }));

  function measure(runner: Runner, request: RequestKind): Promise<Measurement | undefined> {
    const port = ports.get(runner);
    const process = runner.gauge as ContestantProcess;
    if (port === undefined) return Promise.resolve(undefined);
    return field.attempt(runner, async () => {
      const whole = request === 'login' || request === 'logout';
      const before = await process.cpu();
      const sent = await generator.ask({
        port,
        connections,
        method: request === 'visit' ? 'GET' : 'POST',
        path: `/${request}`,
        cookies:
          request === 'login'
            ? Array.from({ length: visitors }, () => 'none=yet')
            : (cookies.get(runner) ?? []),
        milliseconds: whole ? undefined : options.milliseconds,
      });
      const cpu = (await process.cpu()) - before;
      if (request === 'login') cookies.set(runner, sent.cookies);
      const { count, ...measurement } = sent.measurement;
      return { ...measurement, cpu: cpu / count };
    });
  }
}
