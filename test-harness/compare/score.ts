import {
  type Area,
  areas,
  type CheckResult,
  checkSessionStore,
  checks,
  type Level,
  type Subject,
} from '@session-stores/test-harness';

/** What the suite says of one store. */
export interface Score {
  readonly results: readonly CheckResult[];
}

/**
 * Holds a store against the suite. The checks of `retry` are put only to stores that retry by themselves: on others they
 * would run on `RetryingStore`, and tell more of that than of them.
 *
 * @param concurrency How many checks run at once.
 */
export async function scoreOf(subject: Subject, concurrency: number, onResult: () => void): Promise<Score> {
  const applying = checks.filter(({ area }) => area !== 'retry' || subject.supports?.retries);
  const results: CheckResult[] = [];
  for await (const result of checkSessionStore(subject, { checks: applying, concurrency })) {
    results.push(result);
    onResult();
  }
  return { results };
}

export function passedOf({ results }: Score, level: Level): string {
  const put = results.filter(({ check, outcome }) => check.level === level && outcome !== 'not applicable');
  return `${put.filter(({ outcome }) => outcome === 'passed').length}/${put.length}`;
}

/** The areas in which it fails a check, in the order of the suite. */
export function failedAreas({ results }: Score): Area[] {
  const failed = new Set(
    results.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check.area),
  );
  return areas.filter((area) => failed.has(area));
}
