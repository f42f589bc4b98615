import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/servers/free-port.js';
import { ServerProcess } from '../../src/servers/server-process.js';
import type { ComposeFile, ComposeService } from './compose-file.js';

const run = promisify(execFile);

/**
 * Runs the commands of services as processes of this machine, each in a folder of its own, which is what Docker would do
 * with them. In place of the ports of the file it uses free ones.
 */
export class ComposeRunner {
  readonly #services: Record<string, ComposeService>;
  readonly #processes = new Map<string, ServerProcess>();
  readonly #folders = new Map<string, string>();

  private constructor(services: Record<string, ComposeService>) {
    this.#services = services;
  }

  /** `ports`: those of the file, each of which becomes a free one; `portOf` in the result says which. */
  static async of(file: ComposeFile, names: readonly string[], ports: readonly number[]) {
    const free = new Map<number, number>();
    for (const port of ports) free.set(port, await freePort());
    const portOf = (port: number) => free.get(port) ?? port;
    const chosen = Object.fromEntries(names.map((name) => [name, file.services[name]]));
    const text = JSON.stringify(chosen).replace(/\b\d{4,5}\b/g, (port) => String(portOf(Number(port))));
    return { runner: new ComposeRunner(JSON.parse(text)), portOf };
  }

  async up(name: string): Promise<void> {
    const folder = this.#folders.get(name) ?? (await mkdtemp(join(tmpdir(), `session-stores-${name}-`)));
    this.#folders.set(name, folder);
    const [program = '', ...args] = (this.#services[name]?.command ?? []).map(unescaped);
    this.#processes.set(
      name,
      new ServerProcess({
        program,
        args,
        temporary: folder,
        killedBy: 'SIGKILL',
        options: { cwd: folder, env: this.#environment(name) },
      }),
    );
  }

  async kill(name: string): Promise<void> {
    await this.#processes.get(name)?.end('SIGKILL');
  }

  /** Resolves when the health check of the service succeeds; rejects after `limit` ms, or when its command has ended. */
  async healthy(name: string, limit: number): Promise<void> {
    await this.#processes.get(name)?.ready(() => this.#isHealthy(name), limit);
  }

  async down(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.end('SIGKILL')));
    for (const folder of this.#folders.values()) await rm(folder, { recursive: true, force: true });
  }

  async #isHealthy(name: string): Promise<boolean> {
    const [kind, ...words] = (this.#services[name]?.healthcheck?.test ?? []).map(unescaped);
    const [program = '', ...args] = kind === 'CMD-SHELL' ? ['sh', '-c', ...words] : words;
    return run(program, args, { env: this.#environment(name) }).then(
      () => true,
      () => false,
    );
  }

  #environment(name: string): NodeJS.ProcessEnv {
    return { ...process.env, ...(this.#services[name]?.environment as Record<string, string> | undefined) };
  }
}

/** Compose takes `$$` for a dollar sign that the container is to see. */
function unescaped(word: string): string {
  return word.replaceAll('$$', '$');
}
