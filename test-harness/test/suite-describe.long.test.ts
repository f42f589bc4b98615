import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const runners = fileURLToPath(new URL('./runners/', import.meta.url));
const packageOf = (name: string) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface TestRunner {
  readonly name: string;
  readonly command: () => string[];
  readonly count: (output: string) => Counts;
}

const jestConfig = {
  rootDir: runners,
  testMatch: ['**/in-jest.mjs'],
  moduleFileExtensions: ['mjs', 'js'],
  transform: {},
};

/** The figures of a report in JSON; a runner may print lines of its own before it. */
function report(output: string) {
  return JSON.parse(output.slice(output.search(/^\{/m)));
}

const testRunners: readonly TestRunner[] = [
  {
    name: 'Jest',
    command: () => [
      '--experimental-vm-modules',
      join(packageOf('jest'), 'bin/jest.js'),
      '--json',
      `--config=${JSON.stringify(jestConfig)}`,
    ],
    count(output) {
      const { numPassedTests, numFailedTests, numPendingTests } = report(output);
      return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
    },
  },
  {
    name: 'Mocha',
    command: () => [
      join(packageOf('mocha'), 'bin/mocha.js'),
      '--reporter=json',
      join(runners, 'in-mocha.mjs'),
    ],
    count(output) {
      const { passes, failures, pending } = report(output).stats;
      return { passed: passes, failed: failures, skipped: pending };
    },
  },
  {
    name: 'node:test',
    command: () => ['--test', '--test-reporter=tap', join(runners, 'in-node.mjs')],
    count(output) {
      const figure = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1]);
      return { passed: figure('pass'), failed: figure('fail'), skipped: figure('skipped') };
    },
  },
  {
    name: 'Vitest',
    command: () => [
      join(packageOf('vitest'), 'vitest.mjs'),
      'run',
      '--reporter=tap-flat',
      `--root=${runners}`,
    ],
    count(output) {
      const lines = (pattern: RegExp) => output.match(pattern)?.length ?? 0;
      const skipped = lines(/^ok .* # SKIP/gm);
      return { passed: lines(/^ok /gm) - skipped, failed: lines(/^not ok /gm), skipped };
    },
  },
];

function run(command: readonly string[], store: string): Promise<{ output: string; exitCode: unknown }> {
  // The marks of the runner that runs this test would be taken for its own by the one that is tested.
  const marks = /^(VITEST|JEST|NODE_TEST|NODE_ENV|NODE_OPTIONS|NODE_V8_COVERAGE|TEST$)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !marks.test(name)));
  return new Promise((resolve) => {
    const options = { cwd: runners, env: { ...env, STORE_UNDER_TEST: store }, maxBuffer: 16_000_000 };
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ output: stdout || stderr, exitCode: error === null ? 0 : error.code });
    });
  });
}

describe.each(testRunners)('describeSessionStore in $name', ({ command, count }) => {
  it('passes what the store does, and skips what does not apply', { timeout: 60_000 }, async () => {
    const { output, exitCode } = await run(command(), 'good');
    expect(count(output), output).toEqual({ passed: 5, failed: 0, skipped: 2 });
    expect(exitCode).toBe(0);
  });

  it('fails for a store that does not delete', { timeout: 60_000 }, async () => {
    const { output, exitCode } = await run(command(), 'forgetful');
    expect(count(output), output).toEqual({ passed: 1, failed: 4, skipped: 2 });
    expect(exitCode).not.toBe(0);
  });
});
