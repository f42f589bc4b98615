import { describe, it } from 'vitest';
import type { Check } from '../suite/check.js';
import { checks as all } from '../suite/checks/index.js';
import { describeSessionStore } from '../suite/describe.js';
import type { Subject } from '../suite/subject.js';

/** Those that call all the time: beside each other, no call of theirs would be answered within its time limit. */
function works({ area, id }: Check): boolean {
  return area === 'concurrency' || id.includes('/thousand');
}

/** Registers the suite: what waits for networks, clocks and processes runs at once, what works all the time one by one. */
export function describeConformance(subject: Subject, checks: readonly Check[] = all): void {
  const waiting = checks.filter((check) => !works(check));
  const working = checks.filter(works);
  if (waiting.length > 0) describeSessionStore(subject, { describe, it: it.concurrent }, { checks: waiting });
  if (working.length > 0) describeSessionStore(subject, { describe, it }, { checks: working });
}
