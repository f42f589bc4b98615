/**
 * What went wrong, by the server's SQLSTATE where it said one (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 * The first of these where `transient` may pass by itself, the others need somebody.
 */
export type PostgresFailureKind = (typeof kinds)[number]['kind'] | 'TIMEOUT' | 'CLOSED' | 'TLS' | 'SERVER';

interface Kind {
  readonly kind: string;
  readonly transient: boolean;
  /** The codes begin with these. */
  readonly states: readonly string[];
  /** The connection is of no use any more. */
  readonly ends?: true;
  /** It is one row's failure and says nothing about the others. */
  readonly row?: true;
  /** Said instead of the server's words, where these could contain what is in a row. */
  readonly message?: string;
  /** Said after the server's words: what to do. */
  readonly remedy?: string;
}

// The first that fits counts.
const kinds = [
  { kind: 'CONNECTION', transient: true, states: ['08'], ends: true },
  // Shutdown, crash of another server process, starting up, database dropped from under us, idle for too long.
  { kind: 'SHUTDOWN', transient: true, states: ['57P'], ends: true },
  { kind: 'TOO_MANY_CONNECTIONS', transient: true, states: ['53300'], ends: true },
  { kind: 'OUT_OF_MEMORY', transient: true, states: ['53200'] },
  { kind: 'SERIALIZATION', transient: true, states: ['40001'] },
  { kind: 'DEADLOCK', transient: true, states: ['40P01'] },
  // Timeouts that somebody has set for the role, the database or the pool.
  { kind: 'LOCKED', transient: true, states: ['55P03'] },
  { kind: 'CANCELED', transient: true, states: ['57014', '25P0'], ends: true },
  // After a failover the old primary is a standby: a new connection finds the new one.
  { kind: 'READ_ONLY', transient: true, states: ['25006'], ends: true },
  { kind: 'INPUT_OUTPUT', transient: true, states: ['58'] },
  // "cached plan must not change result type": the table was changed, and a new connection makes a new plan.
  { kind: 'PLAN_CHANGED', transient: true, states: ['0A000'], ends: true },
  { kind: 'AUTHENTICATION', transient: false, states: ['28'], ends: true },
  { kind: 'NO_DATABASE', transient: false, states: ['3D'], ends: true },
  { kind: 'NO_TABLE', transient: false, states: ['42P01', '42703', '3F'] },
  { kind: 'PERMISSION', transient: false, states: ['42501'] },
  { kind: 'DISK_FULL', transient: false, states: ['53100'] },
  {
    kind: 'PREPARED_STATEMENT',
    transient: false,
    states: ['26000', '42P05'],
    ends: true,
    remedy: "behind a pooler that shares connections, pass option 'preparedStatements: false'",
  },
  {
    kind: 'REFUSED',
    transient: false,
    states: ['22', '23', '44', '54', 'P0'],
    row: true,
    message: 'the server, a constraint or a trigger refuses it',
  },
] as const satisfies readonly Kind[];

/** A failure of PostgreSQL or of the way to it, without what the server says of rows, queries and parameters. */
export class PostgresFailure extends Error {
  override readonly name = 'PostgresFailure';
  readonly kind: PostgresFailureKind;
  /** Whether it may pass by itself. */
  readonly transient: boolean;
  /** The server's code, of five characters, where it said one. */
  readonly sqlState: string | undefined;

  constructor(kind: PostgresFailureKind, message: string, transient: boolean, sqlState?: string) {
    super(message);
    this.kind = kind;
    this.transient = transient;
    this.sqlState = sqlState;
  }
}

/** Any error of pg as one that can be passed on; a bug stays what it is. */
export function failureOf(error: unknown): unknown {
  if (error instanceof PostgresFailure || !(error instanceof Error)) return error;
  const state = sqlStateOf(error);
  if (state !== undefined) return serverFailure(state, error);
  const { code } = error as { code?: unknown };
  const { message } = error;
  if (message.includes('after calling end on the pool')) {
    return new PostgresFailure('CLOSED', "the pool in option 'pool' was ended", false);
  }
  if (/^SASL:|^Password must/.test(message)) return new PostgresFailure('AUTHENTICATION', message, false);
  if (typeof code === 'string') {
    const isTls = /^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO/.test(code);
    if (isTls) return new PostgresFailure('TLS', message, false);
    // What Node says of sockets and names: ECONNREFUSED, ENOTFOUND, ENOENT. What it says of arguments is a bug.
    return code.startsWith('ERR_') ? error : new PostgresFailure('CONNECTION', message || code, true);
  }
  if (message.includes('SSL')) return new PostgresFailure('TLS', message, false);
  // pg's own have no code. "Connection terminated unexpectedly", "timeout expired", "Client was closed …".
  const ofConnection = /connection|client|timeout|terminated/i.test(message);
  return ofConnection ? new PostgresFailure('CONNECTION', message, true) : error;
}

/** Whether the connection must not be used again. */
export function endsConnection(failure: unknown): boolean {
  if (!(failure instanceof PostgresFailure) || failure.sqlState === undefined) return true;
  return kindOf(failure.sqlState)?.ends === true;
}

/** Whether a statement over many rows failed because of one of them. */
export function concernsRow(failure: unknown): boolean {
  if (!(failure instanceof PostgresFailure) || failure.sqlState === undefined) return false;
  return kindOf(failure.sqlState)?.row === true;
}

/** The server has taken the statement back, and the very same one can succeed at once. */
export function wasTakenBack(failure: unknown): boolean {
  return failure instanceof PostgresFailure && ['SERIALIZATION', 'DEADLOCK'].includes(failure.kind);
}

function serverFailure(state: string, error: Error): PostgresFailure {
  const known = kindOf(state);
  // What was raised inside a function, a trigger of the application's, can have the code of anything and any words.
  const isRaised = typeof (error as { where?: unknown }).where === 'string';
  const words = isRaised || known === undefined ? 'the statement failed' : (known.message ?? error.message);
  const remedy = known?.remedy === undefined ? '' : `; ${known.remedy}`;
  return new PostgresFailure(
    (known?.kind ?? 'SERVER') as PostgresFailureKind,
    `${words} (${[state, ...namesIn(error)].join(', ')})${remedy}`,
    known?.transient ?? false,
    state,
  );
}

/** What of the application's it met: names are no data. */
function namesIn(error: Error): string[] {
  const named = error as { constraint?: unknown; column?: unknown };
  return (['constraint', 'column'] as const)
    .filter((what) => typeof named[what] === 'string')
    .map((what) => `${what} ${named[what]}`);
}

function kindOf(state: string): Kind | undefined {
  return kinds.find(({ states }) => states.some((start) => state.startsWith(start)));
}

/** Node's codes can have five characters too (EPIPE), but come without the severity that the server always says. */
function sqlStateOf(error: Error): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}
