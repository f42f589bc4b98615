import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Gauge, Load, Measurement, Operation } from '@session-stores/test-harness';

const run = promisify(execFile);

/** Requests of the first stretch under a condition; after it, as many as fit into the time. */
const first = 2000;

/**
 * What the server can take: `redis-benchmark`, which is written in C, sends as many commands at once as are in flight, over one
 * connection.
 */
export class RedisBenchmark implements Gauge {
  readonly #program: string;
  readonly #port: string;
  readonly #rates = new Map<string, number>();

  constructor(program: string, url: string) {
    this.#program = program;
    this.#port = new URL(url).port;
  }

  async measure(load: Load): Promise<Measurement | undefined> {
    const key = JSON.stringify([load.operation, load.inFlight, load.size]);
    const rate = this.#rates.get(key);
    const count = rate === undefined ? first : Math.ceil((rate * load.milliseconds) / 1000);
    const { stdout } = await run(this.#program, [
      ...['-p', this.#port, '-n', `${Math.max(count, load.inFlight)}`, '-c', '1', '-P', `${load.inFlight}`],
      ...['-r', '10000', '--csv', ...commands[load.operation](load.size)],
    ]);
    // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
    const fields =
      stdout
        .trim()
        .split('\n')
        .at(-1)
        ?.match(/"[^"]*"/g)
        ?.map((field) => field.slice(1, -1)) ?? [];
    const [perSecond, p50, p99] = [fields[1], fields[4], fields[6]].map(Number) as [number, number, number];
    if (!(perSecond > 0)) throw new Error(`redis-benchmark said: ${stdout.slice(-200)}`);
    this.#rates.set(key, perSecond);
    return { perSecond, p50, p99, cpu: undefined };
  }
}

const key = 'bench:__rand_int__';
const save = (size: number) => ['SET', key, 'x'.repeat(size), 'PX', '600000'];
const commands: Readonly<Record<Operation, (size: number) => string[]>> = {
  create: save,
  get: () => ['GET', key],
  touch: () => ['PEXPIRE', key, '600000'],
  update: save,
  destroy: () => ['UNLINK', key],
};
