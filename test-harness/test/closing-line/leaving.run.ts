import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

it('leaves something behind that has its output', () => {
  const left = spawn('sleep', ['25'], { stdio: 'inherit', detached: true });
  left.unref();
  expect(left.pid).toBeGreaterThan(0);
});
