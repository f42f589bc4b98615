import type { Check } from '../check.js';
import { blipChecks } from './retry-blips.js';
import { giveUpChecks } from './retry-give-up.js';
import { lostReplyChecks } from './retry-lost-replies.js';

export const retryChecks: readonly Check[] = [...blipChecks, ...lostReplyChecks, ...giveUpChecks];
