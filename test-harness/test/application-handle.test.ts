import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

it('an application process that is frozen does not outlive the soak that is killed', async () => {
  const module = new URL('../dist/soak/application-handle.js', import.meta.url).href;
  const script = `
    const { ApplicationProcess } = await import(${JSON.stringify(module)});
    new ApplicationProcess('p1.1', { unhandled() {}, died() {} }).freeze();
    console.log('frozen');
    setInterval(() => {}, 1_000);`;
  const soak = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(soak.stdout, 'data');
  expect(String(line)).toBe('frozen\n');
  // The process of the application has the same output: it is at its end when both are.
  const closed = once(soak, 'close');
  soak.kill('SIGKILL');
  await closed;
});
