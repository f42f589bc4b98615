import type { ItemError } from '@session-stores/core';

/**
 * What went wrong, by the first word of the server's reply where there was one:
 * - `CONNECTION`: no connection, or it broke; what was on the way may or may not have been done.
 * - `UNSENT`: the connection turned out to be closed before a byte of the command left.
 * - `TIMEOUT`: the call's time was up.
 * - `NO_DRIVER`: the package that would have opened the connection is not installed.
 * - `REPLY`: a reply of the server that has no name of its own here.
 */
export type RedisFailureKind =
  | (typeof transientReplies)[number]
  | (typeof permanentReplies)[number]
  | 'CONNECTION'
  | 'UNSENT'
  | 'TIMEOUT'
  | 'MAX_CLIENTS'
  | 'NO_DRIVER'
  | 'REPLY';

// They pass by themselves: a restart, a failover, a resharding, a long script, replicas that come back.
const transientReplies = [
  'LOADING',
  'MASTERDOWN',
  'READONLY',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'BUSY',
  'NOREPLICAS',
  'NOMASTERLINK',
] as const;

// Somebody has to mend these. OOM is among them: memory does not come back within the time of a request, and large
// writes sent again and again do not help it.
const permanentReplies = [
  'OOM',
  'MISCONF',
  'WRONGTYPE',
  'CROSSSLOT',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'DENIED',
] as const;

const transientKinds: ReadonlySet<string> = new Set([
  ...transientReplies,
  'CONNECTION',
  'UNSENT',
  'TIMEOUT',
  'MAX_CLIENTS',
]);

const namedReply = new RegExp(`(?:^|[\\s:-])(${[...transientReplies, ...permanentReplies].join('|')})\\b`);

/** A failure of Redis or of the way to it, without the keys and values that a client attaches to its errors. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';
  readonly kind: RedisFailureKind;
  /** Whether it may pass by itself. */
  readonly transient: boolean;

  constructor(kind: RedisFailureKind, message: string, transient = transientKinds.has(kind)) {
    super(message);
    this.kind = kind;
    this.transient = transient;
  }
}

/** What the server said, from a rejected command or from inside a script. */
export function replyFailure(reply: string, isCluster: boolean): RedisFailure {
  const text = withoutArguments(reply);
  const kind = namedReply.exec(text)?.[1] as RedisFailureKind | undefined;
  if (!isCluster && (kind === 'MOVED' || kind === 'ASK' || kind === 'CROSSSLOT')) {
    const message = 'this server is a node of a Redis Cluster: pass a Cluster of ioredis as client';
    return new RedisFailure(kind, `${message} (it answered ${kind})`, false);
  }
  if (kind === undefined && text.includes('max number of clients'))
    return new RedisFailure('MAX_CLIENTS', text);
  // A key that expired, or was made room for, while its slot is on its way: the next try is sent to where the slot goes.
  if (kind === undefined && text.includes('non local key')) return new RedisFailure('TRYAGAIN', text);
  return new RedisFailure(kind ?? 'REPLY', text);
}

/** What failed for one key: what a script caught, or the failure itself. */
export function itemError(failure: unknown, isCluster: boolean): ItemError {
  const error = failure instanceof RedisFailure ? failure : replyFailure(String(failure), isCluster);
  return { status: 'error', error };
}

/** Any error of a client as one that can be passed on. */
export function driverFailure(error: unknown, isCluster: boolean): RedisFailure {
  if (error instanceof RedisFailure) return error;
  if (!(error instanceof Error)) return new RedisFailure('CONNECTION', 'the connection failed');
  if (isReply(error)) return replyFailure(error.message, isCluster);
  const { code } = error as { code?: unknown };
  const because = withoutArguments(error.message) || (typeof code === 'string' ? code : 'no reason given');
  return new RedisFailure('CONNECTION', because);
}

// ioredis gives them a name, node-redis nothing but their class.
function isReply({ name, message }: Error): boolean {
  return name === 'ReplyError' || message.startsWith('ERR ') || namedReply.test(message);
}

// "ERR unknown command 'evalsha', with args beginning with: …" would go on with the keys.
function withoutArguments(message: string): string {
  return (message.split('\n', 1)[0] as string).split(/,? with args beginning with/, 1)[0] as string;
}
