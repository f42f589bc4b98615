import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SessionStore } from '@session-stores/core';

/** Ms from the answer to `destroy` to the last `get` that still showed the session; 0: none did. */
export interface StaleReads {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** How many of the sessions were in the reader's cache before. */
  readonly served: number;
}

/** A store in another process, that destroys what it is told to. */
export class Destroyer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** `imports` and `store` are source text; the imports are resolved from the folder `from`. */
  static async start(imports: string, store: string, from: string): Promise<Destroyer> {
    const program = `
      ${imports}
      const store = ${store};
      process.on('message', async (id) => {
        await store.destroy(id);
        process.send(String(process.hrtime.bigint()));
      });
      process.on('disconnect', () => store.close());
      process.send('ready');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('.', from)),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return new Destroyer(child);
  }

  /** Resolves to when `destroy` was answered, on the clock that all processes of a machine share, in ms. */
  async destroy(id: string): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send(id);
    const [at] = await answer;
    return Number(BigInt(at)) / 1e6;
  }

  async end(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}

/** The clock of `Destroyer`, in ms. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Reads until the session is not shown any more, be it that it is gone or that the storage does not answer. Resolves to when
 * the last `get` that showed it was called.
 */
export async function lastRead(reader: SessionStore, id: string): Promise<number> {
  let last = Number.NEGATIVE_INFINITY;
  for (;;) {
    // What the channel brought goes first, as between two requests.
    await setImmediate();
    const called = sharedClock();
    const found = await reader.get(id).catch(() => undefined);
    if (found === undefined) return last;
    last = called;
  }
}

/** `reads` counts how often the reader has asked its storage. */
export async function measureStaleReads(
  reader: SessionStore,
  reads: () => number,
  destroyer: Destroyer,
  rounds: number,
): Promise<StaleReads> {
  const stale: number[] = [];
  let served = 0;
  for (let round = 0; round < rounds; round++) {
    const id = `session ${round}`;
    await reader.set(id, { cookie: { originalMaxAge: 600_000 } } as never);
    await reader.get(id);
    const before = reads();
    await reader.get(id);
    served += reads() === before ? 1 : 0;
    const [last, destroyed] = await Promise.all([lastRead(reader, id), destroyer.destroy(id)]);
    stale.push(Math.max(0, last - destroyed));
  }
  stale.sort((a, b) => a - b);
  const at = (share: number): number => stale[Math.ceil(share * rounds) - 1] as number;
  return { p50: at(0.5), p99: at(0.99), longest: at(1), served };
}
