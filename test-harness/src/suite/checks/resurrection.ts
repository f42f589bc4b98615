import type { Check } from '../check.js';
import { processResurrectionChecks } from './resurrection-across-processes.js';
import { directResurrectionChecks } from './resurrection-direct.js';
import { requestResurrectionChecks } from './resurrection-in-request.js';
import { lateResurrectionChecks } from './resurrection-late.js';
import { manyResurrectionChecks } from './resurrection-of-many.js';

export const resurrectionChecks: readonly Check[] = [
  ...requestResurrectionChecks,
  ...directResurrectionChecks,
  ...manyResurrectionChecks,
  ...processResurrectionChecks,
  ...lateResurrectionChecks,
];
