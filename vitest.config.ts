import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * `vitest run` is what `npm test` runs; `--mode long` adds the files that take their time (`npm run test:all`), and where the
 * others have just been run (SHORT_TESTS=done, `.ci/run`) it leaves those out.
 */
export default defineConfig(({ mode }) => {
  const long = mode === 'long';
  const onlyLong = long && process.env.SHORT_TESTS === 'done';
  return {
    test: {
      include: [`{packages/*,test-harness}/test/**/*${onlyLong ? '.long' : ''}.test.ts`],
      exclude: [...configDefaults.exclude, ...(long ? [] : ['**/*.long.test.ts'])],
      reporters: ['default', './test-harness/dist/closing-line.js'],
      globalSetup: './test-harness/test/servers.ts',
      // Otherwise `import` and `require` of a compiled module would give two copies of it.
      server: { deps: { external: [/\/dist\//] } },
      // The tests wait more than they compute; two files at a time suit the smallest machines.
      maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
      // Tests that run at once wait for networks and clocks.
      maxConcurrency: 8,
      testTimeout: 20_000,
      hookTimeout: 30_000,
      teardownTimeout: 20_000,
    },
  };
});
