import type { Check } from '../check.js';
import { answeredChecks } from './failure-answers.js';
import { closeChecks } from './failure-close.js';
import { crowdChecks } from './failure-crowd.js';
import { eventChecks } from './failure-events.js';
import { outageChecks } from './failure-outage.js';
import { signalChecks } from './failure-signals.js';

export const failureChecks: readonly Check[] = [
  ...answeredChecks,
  ...outageChecks,
  ...crowdChecks,
  ...signalChecks,
  ...closeChecks,
  ...eventChecks,
];
