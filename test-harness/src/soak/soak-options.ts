import { checkMembers, checkNumber, checkType, checkWholeNumber } from '../arguments.js';
import type { Fault } from './weather.js';

export interface SoakOptions {
  /** The module whose default export is the subject: every process of the application imports it. */
  readonly module: string | URL;
  /** For so long users and faults are at work. What is looked at afterwards comes on top. */
  readonly seconds: number;
  /** And for longer, if they have not sent so many requests by then. Default 0. */
  readonly requests?: number | undefined;
  /** How many processes share the store. Default 4, and 1 where the subject does not declare `processes`. */
  readonly processes?: number | undefined;
  /** How many people are there at once. Default 100. */
  readonly users?: number | undefined;
  /** What users do and what goes wrong follows from it. Default: a random one, which the report names. */
  readonly seed?: number | undefined;
  /** What else goes wrong, beside the network and the processes: a server that is killed, a file that is locked. */
  readonly faults?: readonly Fault[] | undefined;
  /** Nothing goes wrong: for the figures to compare with. */
  readonly calm?: boolean | undefined;
  /** Ms within which every request has to be answered. Default 60,000: several operations of a store that retries. */
  readonly answerLimit?: number | undefined;
  /**
   * Of all sessions, the share from 0 to 1 whose history is recorded, about 1 KB a request, and judged: whether some order of
   * the calls explains what all processes were answered. Default 1.
   */
  readonly histories?: number | undefined;
  /** Is told once a second how far it is. */
  readonly onProgress?: ((progress: SoakProgress) => void) | undefined;
}

export interface SoakProgress {
  /** Since the beginning. */
  readonly seconds: number;
  readonly requests: number;
  readonly violations: number;
}

const members = {
  module: true,
  seconds: true,
  requests: true,
  processes: true,
  users: true,
  seed: true,
  faults: true,
  calm: true,
  answerLimit: true,
  histories: true,
  onProgress: true,
} satisfies Record<keyof SoakOptions, true>;

/** The longest timer, in ms. */
const longest = 2 ** 31 - 1;

/** Throws a `TypeError`: with a mistyped number nobody would be there, and nothing could go wrong. */
export function checkSoakOptions(options: SoakOptions): void {
  checkMembers('the options of a soak', options, members);
  const { module, seconds, calm, onProgress } = options;
  const { requests = 0, processes = 1, users = 1, seed = 0, answerLimit = 1, histories = 1 } = options;
  if (typeof module !== 'string' && !(module instanceof URL)) {
    throw new TypeError(
      'the option module has to be the URL of the module whose default export is the subject',
    );
  }
  checkNumber('the option seconds', seconds, 0, longest / 1_000);
  checkNumber('the option requests', requests, 0, Number.MAX_SAFE_INTEGER);
  checkWholeNumber('the option processes', processes, 1, 1_000);
  checkWholeNumber('the option users', users, 1, 1_000_000);
  checkWholeNumber('the option seed', seed, 0, 2 ** 32 - 1);
  checkNumber('the option answerLimit', answerLimit, 1, longest);
  checkNumber('the option histories', histories, 0, 1);
  checkType('the option calm', calm, 'boolean');
  checkType('the option onProgress', onProgress, 'function');
}
