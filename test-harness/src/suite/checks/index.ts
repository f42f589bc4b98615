import type { Check } from '../check.js';
import { concurrencyChecks } from './concurrency.js';
import { dataChecks } from './data.js';
import { destroyChecks } from './destroy.js';
import { expiryChecks } from './expiry.js';
import { expressChecks } from './express.js';
import { failureChecks } from './failure.js';
import { idsChecks } from './ids.js';
import { interfaceChecks } from './interface.js';
import { isolationChecks } from './isolation.js';
import { resurrectionChecks } from './resurrection.js';
import { retryChecks } from './retry.js';

/** Every check of the suite, in the order in which the areas are reported. */
export const checks: readonly Check[] = [
  ...interfaceChecks,
  ...destroyChecks,
  ...failureChecks,
  ...retryChecks,
  ...resurrectionChecks,
  ...concurrencyChecks,
  ...expiryChecks,
  ...dataChecks,
  ...idsChecks,
  ...isolationChecks,
  ...expressChecks,
];
