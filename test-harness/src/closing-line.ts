import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { type KnownServer, knownServers, type ServerName } from './servers/known-servers.js';
import { notApplicable } from './suite/describe.js';

/**
 * Ends a run of Vitest with the names of the tests that failed or were not run and with the line `N passed, N failed`. A test that
 * is skipped has not passed: it fails the run, unless it is for want of a server. Under CI=true that fails the run too,
 * except for the servers that ALLOW_NOT_RUN names, separated by commas: only those that some machines cannot have.
 */
export default class ClosingLine implements Reporter {
  readonly #inCi = process.env.CI === 'true';
  readonly #allowed = (process.env.ALLOW_NOT_RUN ?? '').split(',').filter((name) => name !== '');
  readonly #endsWithin: number;
  #vitest: Vitest | undefined;

  /** `endsWithin`: ms that may pass from the closing line to the end of the process. */
  constructor({ endsWithin = 60_000 }: { readonly endsWithin?: number } = {}) {
    this.#endsWithin = endsWithin;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    // How whoever waits for a run ends one that takes too long.
    process.once('SIGTERM', () => {
      printUnfinished(vitest.state.getTestModules());
      process.exit(1);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed');
    const notRun = tests.filter((test) => missing(test) !== undefined);
    const inapplicable = tests.filter(doesNotApply);
    const unrun = tests.filter(
      (test) => isSkipped(test) && missing(test) === undefined && !doesNotApply(test),
    );
    // Whoever asks for tests by name (-t) has left out the others himself.
    const skipped = this.#vitest?.config.testNamePattern === undefined ? unrun : [];
    const broken = tests.length - passed.length - notRun.length - inapplicable.length - unrun.length;
    // Files that could not be loaded, and hooks that failed, have no test that says so.
    const errors = modules.reduce((sum, module) => sum + errorsOf(module), unhandled.length);
    const forbidden = notRun.filter((test) => this.#isFailure(missing(test)));
    const refused = this.#allowed.filter((name) => !mayBeMissing(name));
    const failed = broken + errors + skipped.length + forbidden.length + refused.length;
    printFailures(modules, tests);
    for (const test of skipped) console.log(`SKIPPED, which is a failure: ${place(test)}`);
    if (inapplicable.length > 0) {
      console.log(`${inapplicable.length} checks do not apply to the store that they were held against`);
    }
    this.#printNotRun(notRun);
    for (const name of refused) {
      const candidates = Object.keys(knownServers).filter(mayBeMissing).join(', ');
      console.log(`ALLOW_NOT_RUN may name ${candidates}, but not '${name}', which is a failure`);
    }
    const excused = notRun.length - forbidden.length;
    const rest = excused > 0 ? `, ${excused} not run` : '';
    console.log(`${passed.length} passed, ${failed} failed${rest}`);
    if (failed > 0) process.exitCode = 1;
    if (this.#vitest?.config.watch !== true) this.#endInTime();
  }

  /** Vitest waits without a limit for its workers, whose output whatever they left running holds open. */
  #endInTime(): void {
    setTimeout(() => {
      console.log(
        `LEFT RUNNING: the process of the tests, by ${process.getActiveResourcesInfo().join(', ')}`,
      );
      process.exit();
    }, this.#endsWithin).unref();
  }

  #isFailure(server: ServerName | undefined): boolean {
    return this.#inCi && server !== undefined && !(this.#allowed.includes(server) && mayBeMissing(server));
  }

  #printNotRun(tests: readonly TestCase[]): void {
    for (const [server, { title, remedy }] of Object.entries(knownServers)) {
      const missed = tests.filter((test) => missing(test) === server);
      if (missed.length === 0) continue;
      for (const test of missed) console.log(`NOT RUN: ${place(test)}`);
      const verdict = this.#isFailure(server as ServerName) ? 'This is a failure under CI=true. ' : '';
      console.log(`  They need ${title}. ${verdict}To run them: ${remedy}`);
    }
  }
}

/** Once more what Vitest has told at length, where somebody sees it who has only the end of a long log. */
function printFailures(modules: readonly TestModule[], tests: readonly TestCase[]): void {
  const because = (errors: readonly { readonly message: string }[] | undefined): string =>
    errors?.[0]?.message.trimStart().split('\n', 1)[0] ?? 'without an error';
  for (const test of tests) {
    const { state, errors } = test.result();
    if (state === 'failed') console.log(`FAILED: ${place(test)}: ${because(errors)}`);
  }
  for (const module of modules) {
    for (const part of [module, ...module.children.allSuites()]) {
      const errors = part.errors();
      if (errors.length > 0) console.log(`FAILED: ${module.relativeModuleId}: ${because(errors)}`);
    }
  }
}

function printUnfinished(modules: readonly TestModule[]): void {
  for (const module of modules.filter((each) => each.state() === 'pending')) {
    for (const test of module.children.allTests('pending')) console.log(`UNFINISHED: ${place(test)}`);
  }
}

function mayBeMissing(name: string): boolean {
  return (knownServers as Record<string, KnownServer>)[name]?.mayBeMissing === true;
}

function isSkipped(test: TestCase): boolean {
  return test.result().state === 'skipped';
}

/** A check of the suite that its subject declares it cannot take part in; the suite says so, no test file can. */
function doesNotApply(test: TestCase): boolean {
  const { note } = test.result() as { note?: string };
  return (
    isSkipped(test) &&
    (/ \(does not apply: .+\)$/.test(test.name) || note?.startsWith(notApplicable) === true)
  );
}

function missing(test: TestCase): ServerName | undefined {
  return isSkipped(test) ? test.meta().missing : undefined;
}

function place(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function errorsOf(module: TestModule): number {
  return [module, ...module.children.allSuites()].reduce((sum, suite) => sum + suite.errors().length, 0);
}
