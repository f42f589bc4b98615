import { type CheckResult, checkSessionStore } from '@session-stores/test-harness';
import { MemoryStore } from 'express-session';
import { beforeAll, describe, expect, it } from 'vitest';

/** The suite is measured on the store that everybody knows. */
describe("express-session's MemoryStore", () => {
  const results: CheckResult[] = [];

  beforeAll(async () => {
    for await (const result of checkSessionStore(() => new MemoryStore(), { concurrency: 8 }))
      results.push(result);
  }, 240_000);

  const failed = () => results.filter((result) => result.outcome === 'failed');

  it('passes every check of the required level that applies to it', () => {
    const required = results.filter((result) => result.check.level === 'required');
    expect(required.filter((result) => result.outcome === 'passed').length).toBeGreaterThan(50);
    expect(failed().filter((result) => result.check.level === 'required')).toEqual([]);
  });

  it('fails the promise that a logout is final', () => {
    expect(failed().filter((result) => result.check.area === 'resurrection')).not.toEqual([]);
  });

  it('fails the promise that nothing is lost', () => {
    expect(failed().filter((result) => result.check.area === 'concurrency')).not.toEqual([]);
  });

  it('is not asked what it cannot take part in, and is told why', () => {
    const inapplicable = results.filter((result) => result.outcome === 'not applicable');
    expect(inapplicable.map((result) => result.check.id)).toContain('destroy/second-try');
    for (const result of inapplicable) expect(result.reason).toMatch(/^the (subject|store) /);
  });

  it('is told what was done, what was expected and what came', () => {
    for (const result of failed()) expect(result.reason).toMatch(/^Did: .+\nExpected: .+\nCame: /s);
  });
});
