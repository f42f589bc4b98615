import { createHash } from 'node:crypto';

/** Every `code` that an error of session-stores can have. None of them ever changes its meaning. */
export type ErrorCode =
  | 'AMBIGUOUS'
  | 'BACKEND_FAILED'
  | 'BACKEND_UNAVAILABLE'
  | 'CANNOT_DECRYPT'
  | 'CLOSED'
  | 'CONFLICT'
  | 'CORRUPT'
  | 'DELETIONS_FULL'
  | 'EXPIRED'
  | 'INVALID_ARGUMENT'
  | 'INVALID_ID'
  | 'INVALID_OPTION'
  | 'INVALID_SESSION'
  | 'JOURNAL_DAMAGED'
  | 'JOURNAL_FAILED'
  | 'JOURNAL_IN_USE'
  | 'OVERLOADED'
  | 'TIMEOUT'
  | 'TOO_LARGE';

/** What every failure of a store is: a message for a person, a stable `code`, and the driver's error as `cause`. */
export class SessionStoreError extends Error {
  override readonly name: string = 'SessionStoreError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** An option of a constructor is missing, unknown or of the wrong type. Thrown by constructors only. */
export class InvalidOptionError extends SessionStoreError {
  override readonly name = 'InvalidOptionError';

  constructor(message: string, options?: { cause?: unknown }) {
    super('INVALID_OPTION', message, options);
  }
}

/**
 * The journal of given-up and interrupted destroys. `JOURNAL_IN_USE` and `JOURNAL_FAILED` are thrown by constructors;
 * later failures, and `JOURNAL_DAMAGED`, are `storeError` events, because a logout must not fail for want of a note of it.
 */
export class JournalError extends SessionStoreError {
  override readonly name = 'JournalError';
  declare readonly code: 'JOURNAL_DAMAGED' | 'JOURNAL_FAILED' | 'JOURNAL_IN_USE';

  constructor(code: JournalError['code'], message: string, cause: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/**
 * The storage failed. `BACKEND_UNAVAILABLE` may pass by itself; `BACKEND_FAILED` needs somebody to mend it. The code is
 * never the driver's: express-session reads `ENOENT` as "no such session" (expressjs/session index.js) and would let the
 * request in as a stranger.
 */
export class BackendError extends SessionStoreError {
  override readonly name = 'BackendError';
  declare readonly code: 'BACKEND_UNAVAILABLE' | 'BACKEND_FAILED';

  constructor(transient: boolean, message: string, cause: unknown) {
    super(transient ? 'BACKEND_UNAVAILABLE' : 'BACKEND_FAILED', message, { cause });
  }
}

/** Names a record in messages, logs and events without giving its id away: 12 hexadecimal digits of its SHA-256. */
export function recordName(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 12);
}

/** Whether an error of ours may pass by itself. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof SessionStoreError && (error.code === 'BACKEND_UNAVAILABLE' || error.code === 'TIMEOUT')
  );
}
