import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { jsonReport } from '../src/command-line/json-report.js';
import { junitReport } from '../src/command-line/junit-report.js';
import { matrix } from '../src/command-line/matrix.js';
import { paintFor } from '../src/command-line/paint.js';
import { Progress } from '../src/command-line/progress.js';
import type { Report } from '../src/command-line/report.js';
import { areas, type CheckResult, type Outcome } from '../src/suite/check.js';

const nasty = `<a href="x">&'\u0000\u0007\u001b[31m\ud800\uffff]]>\n\tend\r`;

function result(
  id: string,
  outcome: Outcome,
  reason?: string,
  level: 'required' | 'promise' = 'required',
): CheckResult {
  const area = areas.find((name) => id.startsWith(name)) ?? 'data';
  const check = { id, title: `title of ${id}`, area, level, needs: [], run: async () => {} };
  return {
    check,
    outcome,
    reason,
    error: reason === undefined ? undefined : new Error(reason),
    duration: 12.34,
  };
}

function report(results: readonly CheckResult[], more: Partial<Report> = {}): Report {
  return {
    version: '1.2.3',
    subject: `my ${nasty}`,
    module: './my.js',
    startedAt: new Date(0),
    duration: 1000,
    planned: results.length,
    mustPass: ['required'],
    results,
    ...more,
  };
}

const mixed = [
  result('destroy/a', 'passed'),
  result('destroy/b', 'failed', nasty),
  result('data/c', 'failed', 'Did: x\nExpected: y\nCame: z', 'promise'),
  result('ids/d', 'not applicable', nasty),
];

class Screen extends PassThrough {
  readonly isTTY = true;
  readonly columns = 40;
  get shown(): string {
    return String(this.read() ?? '');
  }
}

describe('JUnit XML', () => {
  const xml = junitReport(report(mixed));

  it('is well-formed, whatever the store says', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    expect(xml.isWellFormed()).toBe(true);
    expect(xml).not.toMatch(/&(?!(amp|lt|gt|quot|#\d+);)/);
    // Every tag, read strictly: what is left between them is text without < and >.
    const open: string[] = [];
    const tags = /<(?:\?xml[^?]*\?|(\/)?([a-z]+)((?: [a-z]+="[^"<>\n]*")*)(\/)?)>/g;
    for (const [, closing, name = '', , empty] of xml.matchAll(tags)) {
      if (closing) expect(open.pop()).toBe(name);
      else if (name !== '' && !empty) open.push(name);
    }
    expect(open).toEqual([]);
    expect(xml.replace(tags, '')).not.toMatch(/[<>]/);
  });

  it('counts and tells failures from what does not apply', () => {
    expect(xml).toContain('tests="4" failures="2" errors="0" skipped="1"');
    expect(xml).toContain('<testsuite name="destroy" tests="2" failures="1"');
    expect(xml).toMatch(/<testcase [^>]*name="destroy\/a: title of destroy\/a"[^>]*\/>/);
    expect(xml).toMatch(/<failure message="[^"]*Did: x&#10;Expected: y/);
    expect(xml).toContain('<skipped message=');
  });
});

describe('JSON', () => {
  it('can be parsed and has everything', () => {
    const parsed = JSON.parse(jsonReport(report(mixed)));
    expect(parsed.summary).toEqual({ passed: 1, failed: 2, notApplicable: 1, failedThatMustPass: 1 });
    expect(parsed.checks[1]).toMatchObject({
      id: 'destroy/b',
      outcome: 'failed',
      reason: nasty,
      duration: 12.3,
    });
    expect(parsed.subject).toBe(`my ${nasty}`);
  });
});

describe('the matrix', () => {
  const plain = paintFor(new PassThrough(), {});

  it('lets nothing through that a terminal would obey', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(matrix(report(mixed), plain)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('fails for what must pass only, and says how much of each level passed', () => {
    expect(matrix(report(mixed), plain)).toContain(
      'Failed: 1 check of the level required (required: 1 of 2; promises: 0 of 1).',
    );
    const promiseOnly = matrix(report(mixed.slice(2)), plain);
    expect(promiseOnly).toContain('Passed at the level required');
    expect(promiseOnly).toContain('1 other check failed');
    expect(matrix(report(mixed.slice(2), { mustPass: ['required', 'promise'] }), plain)).toContain(
      'Failed: 1 check of the level required and promise',
    );
  });

  it('never calls an interrupted run passed', () => {
    const text = matrix(report(mixed.slice(0, 1), { planned: 4 }), plain);
    expect(text).toContain('Interrupted after 1 of 4 checks.');
    expect(text).not.toContain('Passed');
  });
});

describe('colours and the live line', () => {
  it('are for a terminal without NO_COLOR', () => {
    expect(paintFor(new Screen(), {}).red('x')).toBe('\u001b[31mx\u001b[0m');
    expect(paintFor(new Screen(), { NO_COLOR: '1' }).red('x')).toBe('x');
    expect(paintFor(new PassThrough(), {}).red('x')).toBe('x');
  });

  it('on a terminal names the check that is running, within the width, and takes it away again', () => {
    const screen = new Screen();
    const checks = mixed.map(({ check }) => check);
    const progress = new Progress(screen, paintFor(screen, { NO_COLOR: '1' }), checks);
    expect(screen.shown).toBe('1/4 destroy/a …');
    progress.ended(mixed[0] as CheckResult);
    expect(screen.shown).toBe('\r\u001b[K✓ destroy/a title of destroy/a\n2/4 destroy/b …');
    progress.clear();
    expect(screen.shown).toBe('\r\u001b[K');
  });

  it('elsewhere are whole lines only', () => {
    const output = new PassThrough();
    const progress = new Progress(
      output,
      paintFor(output, {}),
      mixed.map(({ check }) => check),
    );
    for (const one of mixed) progress.ended(one);
    progress.clear();
    const lines = String(output.read()).split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[3]).toBe('– ids/d title of ids/d (not applicable)');
  });
});
