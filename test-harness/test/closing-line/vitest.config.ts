import { defineConfig } from 'vitest/config';

/** The runs that closing-line.long.test.ts starts: no server is there, and the reporter is the one under test. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.run.ts'],
    globalSetup: './no-servers.ts',
    reporters: [[new URL('../../dist/closing-line.js', import.meta.url).pathname, { endsWithin: 2_000 }]],
    server: { deps: { external: [/\/dist\//] } },
  },
});
