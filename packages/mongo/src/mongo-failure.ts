/**
 * What went wrong:
 * - `CONNECTION`: no connection, or it broke; what was on the way may or may not have been done.
 * - `TIMEOUT`: the call's time was up.
 * - `NOT_PRIMARY`: the server does not take writes (now): an election, a shutdown, a secondary.
 * - `WRITE_CONCERN`: done, but not confirmed by as many servers as the write concern asks for.
 * - `BUSY`: the server refused or gave up for now: overload, a lock, a plan killed, time of its own that was up.
 * - `ACCESS`: the server refused for good: authentication, rights.
 * - `TOO_LARGE`: the session is larger than a document can be.
 * - `FORMAT`: what is stored is no session that this store can read.
 * - `INDEX`: the collection has no TTL index, and the store could not make one.
 * - `NO_CHANGES`: the option `cache` is set, and the server tells nobody of changes.
 * - `CLIENT`: the client cannot be used: its promise was rejected, it was closed, or the store was.
 * - `REPLY`: any other error of the server.
 */
export type MongoFailureKind =
  | 'CONNECTION'
  | 'TIMEOUT'
  | 'NOT_PRIMARY'
  | 'WRITE_CONCERN'
  | 'BUSY'
  | 'ACCESS'
  | 'TOO_LARGE'
  | 'FORMAT'
  | 'INDEX'
  | 'NO_CHANGES'
  | 'CLIENT'
  | 'REPLY';

const transientKinds: ReadonlySet<MongoFailureKind> = new Set([
  'CONNECTION',
  'TIMEOUT',
  'NOT_PRIMARY',
  'WRITE_CONCERN',
  'BUSY',
]);

/** A failure of MongoDB or of the way to it, without the queries, ids and documents that the driver's errors repeat. */
export class MongoFailure extends Error {
  override readonly name = 'MongoFailure';
  readonly kind: MongoFailureKind;
  /** The server's own number for it, where it answered. */
  readonly serverCode: number | undefined;
  /** Whether it may pass by itself. */
  readonly transient: boolean;

  constructor(
    kind: MongoFailureKind,
    message: string,
    {
      serverCode,
      transient = transientKinds.has(kind),
    }: { serverCode?: number | undefined; transient?: boolean } = {},
  ) {
    super(message);
    this.kind = kind;
    this.serverCode = serverCode;
    this.transient = transient;
  }
}

// By the server's error_codes.yml. They pass by themselves; an operation that they end may have been done in part.
const transientCodes = new Map<number, MongoFailureKind>([
  ...kinds('NOT_PRIMARY', 91, 189, 10058, 10107, 11600, 11602, 13435, 13436),
  ...kinds('CONNECTION', 6, 7, 89, 202, 9001),
  // Locks, limits of its own, plans and cursors that it ended, shards that move, keys of a set that has just begun.
  ...kinds('BUSY', 24, 43, 46, 50, 63, 112, 117, 133, 134, 150, 175, 211, 237, 262, 462, 11601, 13388),
  // An index that is being built or given up, in a collection that may be being dropped.
  ...kinds('BUSY', 276, 12586, 12587),
]);

// Somebody has to mend these.
const permanentCodes = new Map<number, MongoFailureKind>([
  ...kinds('ACCESS', 11, 13, 18, 31, 33),
  ...kinds('TOO_LARGE', 10334, 17280, 17419, 17420),
]);

function kinds(kind: MongoFailureKind, ...codes: number[]): [number, MongoFailureKind][] {
  return codes.map((code) => [code, kind]);
}

/** What a server answered by its code. Its own words are left out: they repeat queries and documents. */
export function replyFailure(code: unknown, codeName?: unknown): MongoFailure {
  const serverCode = Number(code) || undefined;
  const kind = transientCodes.get(serverCode ?? 0) ?? permanentCodes.get(serverCode ?? 0) ?? 'REPLY';
  const named = typeof codeName === 'string' && /^\w+$/.test(codeName) ? codeName : 'an error';
  return new MongoFailure(kind, `MongoDB answered ${named} (code ${serverCode ?? 'unknown'})`, {
    serverCode,
  });
}

// The write is done where it counts first, but not where it was to count too. Who tries again must find that out.
const unsatisfiable = new Set([79, 93, 100]);

function writeConcernFailure(code: unknown): MongoFailure {
  const serverCode = Number(code) || undefined;
  return new MongoFailure(
    'WRITE_CONCERN',
    `MongoDB has not confirmed the write as its write concern asks (code ${serverCode ?? 'unknown'})`,
    { serverCode, transient: !unsatisfiable.has(serverCode ?? 0) },
  );
}

/** What an error of the driver tells of itself, in any of its copies and majors. */
interface DriverError extends Error {
  readonly code?: unknown;
  readonly codeName?: unknown;
  readonly errorLabels?: unknown;
  readonly beforeHandshake?: unknown;
}

/** Any error of the driver as one that can be passed on. */
export function driverFailure(error: unknown): MongoFailure {
  if (error instanceof MongoFailure) return error;
  if (!(error instanceof Error)) return new MongoFailure('CLIENT', 'the client failed without an error');
  const { name, message, code, codeName } = error as DriverError;
  if (name === 'MongoWriteConcernError') return writeConcernFailure(code);
  if (name === 'MongoServerError' || name === 'MongoBulkWriteError') {
    const failure = replyFailure(code, codeName);
    const passes = labelsOf(error).some((label) => transientLabels.has(label));
    if (!passes || failure.transient) return failure;
    return new MongoFailure('BUSY', failure.message, { serverCode: failure.serverCode });
  }
  if (connectionErrors.test(name) || isFromSocket(code)) {
    return new MongoFailure('CONNECTION', withoutCredentials(message));
  }
  if (name === 'MongoOperationTimeoutError')
    return new MongoFailure('TIMEOUT', 'no answer within the timeoutMS of the client');
  if (/^Mongo(NotConnected|TopologyClosed|ServerClosed|ClientClosed)Error$/.test(name))
    return new MongoFailure('CLIENT', 'the client is closed');
  // The driver's own errors speak of addresses and options; anything else could speak of anything.
  const because = name.startsWith('Mongo') ? `: ${withoutCredentials(message)}` : '';
  return new MongoFailure('CLIENT', `the client failed with a ${name}${because}`);
}

const connectionErrors =
  /^(Mongo(Network|NetworkTimeout|ServerSelection|PoolCleared|PoolClosed|WaitQueueTimeout)Error|PoolClearedOnNetworkError|MongoPoolClearedOnNetworkError)$/;

const transientLabels: ReadonlySet<string> = new Set([
  'RetryableWriteError',
  'TransientTransactionError',
  'RetryableError',
  'SystemOverloadedError',
]);

/** Some errors of sockets come through the driver as they are. */
function isFromSocket(code: unknown): boolean {
  return (
    code === closedByPeer || code === 'ECONNRESET' || code === 'ETIMEDOUT' || code === 'ERR_STREAM_DESTROYED'
  );
}

const closedByPeer = 'EPIPE';

/** Whether nothing of the command can have arrived: there was no connection for it, or nobody at its other end. */
export function wasUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code, beforeHandshake } = error as DriverError;
  if (code === closedByPeer) return true;
  if (name === 'MongoPoolClearedError' || name === 'MongoWaitQueueTimeoutError') return true;
  return name.startsWith('MongoNetwork') && (beforeHandshake === true || isFromHandshake(error));
}

function isFromHandshake(error: Error): boolean {
  return labelsOf(error).includes('HandshakeError') || labelsOf(error).includes('SystemOverloadedError');
}

function labelsOf(error: Error): readonly string[] {
  const { errorLabels } = error as DriverError;
  return Array.isArray(errorLabels) ? errorLabels : [];
}

function withoutCredentials(message: string): string {
  return message.replace(/\/\/[^@/\s]*@/g, '//');
}
