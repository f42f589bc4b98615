import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startRedis } from '@session-stores/test-harness';
import { expect, it } from 'vitest';
import { freePort } from '../../../test-harness/src/servers/free-port.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { tlsSettings } from './tls-settings.js';

/** How a program gets at its server by TLS; `calls` of them are given up after 1 to 30 ms. */
export interface Handshake {
  readonly name: string;
  readonly calls: number;
  /** Source text of the options of a backend. */
  readonly options: (url: string) => string;
  readonly imports?: string;
}

/** What becomes of a process whose handshakes are given up. */
export function handshakeOn(...handshakes: readonly Handshake[]): void {
  describeWithServer('redis-server', 'a connection that is given up in the middle of its handshake', () => {
    const settings = tlsSettings();

    it.each(handshakes)(
      'ends no process, with $name',
      { timeout: 60_000 },
      async ({ calls, options, imports = '' }) => {
        const port = await freePort();
        const server = await startRedis({ args: [...settings(), '--tls-port', `${port}`] });
        const program = `
          import { RedisBackend } from '@session-stores/redis';
          ${imports}
          for (let call = 0; call < ${calls}; call++) {
            const backend = new RedisBackend(${options(`rediss://127.0.0.1:${port}`)});
            await backend.read(['a'], { signal: AbortSignal.timeout(1 + call % 30) }).catch(() => {});
            await backend.close();
          }
        `;
        const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
          cwd: import.meta.dirname,
          stdio: 'inherit',
        });
        const [code] = await once(child, 'exit');
        await server.stop();
        expect(code).toBe(0);
      },
    );
  });
}
