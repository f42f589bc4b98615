import type { BackendCheck } from './backend-check.js';
import { callChecks } from './call-checks.js';
import { dataChecks } from './data-checks.js';
import { expiryChecks } from './expiry-checks.js';
import { pageChecks } from './page-checks.js';
import { removeChecks } from './remove-checks.js';
import { touchChecks } from './touch-checks.js';
import { watchChecks } from './watch-checks.js';
import { writeChecks } from './write-checks.js';

/** The contract of `SessionBackend`, sentence by sentence: every row of the table in `backend.ts` of core, and what stands around it. */
export const backendChecks: readonly BackendCheck[] = [
  ...writeChecks,
  ...touchChecks,
  ...removeChecks,
  ...expiryChecks,
  ...callChecks,
  ...dataChecks,
  ...pageChecks,
  ...watchChecks,
];
