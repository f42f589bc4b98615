import { writeFileSync } from 'node:fs';
import { it } from 'vitest';

it('never ends', { timeout: 0 }, async () => {
  writeFileSync(`${process.env.BEGUN}`, '');
  await new Promise(() => setInterval(() => {}, 1000));
});
