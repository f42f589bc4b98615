import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Gauge, Load, Measurement, Operation } from '@session-stores/test-harness';
import { Client } from 'pg';

const run = promisify(execFile);

/** The connections that a pool of pg has by default. */
const poolSize = 10;

/** Transactions of each connection in the first stretch under a condition; after it, as many as fit into the time. */
const first = 50;

/** Sessions that are there, for get, touch and update. */
const sessions = 10_000;

/** What the server can take: `pgbench` with prepared statements, over as many connections as a pool of pg has. */
export class PgBench implements Gauge {
  readonly #program: string;
  readonly #url: string;
  readonly #rates = new Map<string, number>();
  #prepared: number | undefined;

  constructor(program: string, url: string) {
    this.#program = program;
    this.#url = url;
  }

  async measure(load: Load): Promise<Measurement | undefined> {
    if (this.#prepared !== load.size) await this.#prepare(load.size);
    const folder = await mkdtemp(join(tmpdir(), 'pgbench-'));
    try {
      const script = join(folder, 'script.sql');
      await writeFile(script, scripts[load.operation](load.size));
      const clients = Math.min(load.inFlight, poolSize);
      const key = JSON.stringify([load.operation, load.inFlight, load.size]);
      const rate = this.#rates.get(key);
      const each = rate === undefined ? first : Math.ceil((rate * load.milliseconds) / 1000 / clients);
      const { stdout } = await run(
        this.#program,
        ['-n', '-M', 'prepared', '-c', `${clients}`, '-t', `${each}`, '-f', script, this.#url],
        { cwd: folder },
      );
      const perSecond = Number(/tps = ([\d.]+) \(without initial/.exec(stdout)?.[1]);
      const average = Number(/latency average = ([\d.]+) ms/.exec(stdout)?.[1]);
      if (!(perSecond > 0)) throw new Error(`pgbench said: ${stdout}`);
      this.#rates.set(key, perSecond);
      return { perSecond, p50: average, p99: Number.NaN, cpu: undefined };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #prepare(size: number): Promise<void> {
    const client = new Client({ connectionString: this.#url });
    await client.connect();
    try {
      await client.query(
        `DROP TABLE IF EXISTS pgbench_sessions; DROP SEQUENCE IF EXISTS pgbench_ids;
         CREATE TABLE pgbench_sessions (id text PRIMARY KEY, data text, expires_at timestamptz);
         CREATE SEQUENCE pgbench_ids`,
      );
      await client.query(
        `INSERT INTO pgbench_sessions SELECT 's' || n, repeat('x', $1), now() + interval '1 hour'
           FROM generate_series(1, $2::int) n`,
        [size, sessions],
      );
      await client.query('VACUUM ANALYZE pgbench_sessions');
      this.#prepared = size;
    } finally {
      await client.end();
    }
  }
}

const pick = `\\set id random(1, ${sessions})\n`;
const scripts: Readonly<Record<Operation, (size: number) => string>> = {
  create: (size) =>
    `INSERT INTO pgbench_sessions VALUES ('n' || nextval('pgbench_ids'), repeat('x', ${size}), now() + interval '1 hour');\n`,
  get: () => `${pick}SELECT data FROM pgbench_sessions WHERE id = 's' || :id AND expires_at > now();\n`,
  touch: () =>
    `${pick}UPDATE pgbench_sessions SET expires_at = now() + interval '1 hour' WHERE id = 's' || :id;\n`,
  update: (size) =>
    `${pick}UPDATE pgbench_sessions SET data = repeat('y', ${size}), expires_at = now() + interval '1 hour' WHERE id = 's' || :id;\n`,
  destroy: () => `${pick}DELETE FROM pgbench_sessions WHERE id = 'n' || :id;\n`,
};
