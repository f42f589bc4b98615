import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that wait longest; the others fit in beside them and after them. */
const longest = /conformance|replicas|soak|failover|mutants|standby/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

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
      sequence: { sequencer: LongestFirst },
      // Dearer to start than threads, but a process can always be ended. A thread cannot while it is in native code, and
      // one that is ended while it is in better-sqlite3 can abort the whole run (WiseLibs/better-sqlite3#1507).
      pool: 'forks',
      // The tests wait more than they compute; three files at a time suit the smallest machines.
      maxWorkers: Math.max(3, Math.floor(availableParallelism() / 2)),
      // Tests that run at once wait for networks and clocks.
      maxConcurrency: 10,
      testTimeout: 20_000,
      expect: { poll: { timeout: 10_000 } },
      hookTimeout: 30_000,
      teardownTimeout: 20_000,
    },
  };
});
