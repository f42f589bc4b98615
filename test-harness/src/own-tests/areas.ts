import { type Area, areas } from '../suite/check.js';

/** What a store does otherwise if it retries. */
export const areasOfRetries: readonly Area[] = ['destroy', 'failure', 'retry', 'resurrection'];

/** What it does no otherwise: these checks of the retrying form are among the long tests. */
export const otherAreas: readonly Area[] = areas.filter((area) => !areasOfRetries.includes(area));
