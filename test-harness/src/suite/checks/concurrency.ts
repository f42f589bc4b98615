import type { Check } from '../check.js';
import { historyChecks } from './concurrency-histories.js';
import { mergeChecks } from './concurrency-merge.js';
import { cookieConcurrencyChecks } from './concurrency-of-cookies.js';
import { objectChecks } from './concurrency-of-objects.js';
import { orderChecks } from './concurrency-order.js';
import { updateChecks } from './concurrency-update.js';

export const concurrencyChecks: readonly Check[] = [
  ...mergeChecks,
  ...objectChecks,
  ...cookieConcurrencyChecks,
  ...orderChecks,
  ...updateChecks,
  ...historyChecks,
];
