/**
 * What a row of the table is, in SQL. All statements say it in these words.
 *
 * | row                         | is                                                            |
 * | --------------------------- | ------------------------------------------------------------- |
 * | data, not expired           | a live record                                                 |
 * | no data, not expired        | a grave: an insert of its birth is refused until it expires   |
 * | expired                     | nothing; the sweep deletes it, and an insert may replace it   |
 *
 * A grave is a state of the row and has no table of its own: so the unique index shows it to every insert, also to one
 * whose snapshot is older than the removal.
 *
 * Time is the server's. What a row is, is decided by `clock_timestamp()`, when its lock is held. An expiry counts from
 * `statement_timestamp()`, when the call arrived, however long it then waited.
 */
export function isLive(row: string): string {
  return `(${row}.data is not null and ${row}.expires_at > clock_timestamp())`;
}

/** Whether an insert of this birth may take the row's place. */
function isVacant(row: string, birth: string): string {
  return `(${row}.expires_at <= clock_timestamp() or (${row}.data is null and ${row}.birth <> ${birth}))`;
}

/** A time, from ms, of which null is for ever. */
export function expiry(milliseconds: string): string {
  return `coalesce(statement_timestamp() + ${milliseconds} * interval '1 millisecond', 'infinity'::timestamptz)`;
}

/** The expiry of a live row that gets a new one. */
export function movedExpiry(row: string, milliseconds: string, exact: string): string {
  const moved = expiry(milliseconds);
  return `case when ${exact} then ${moved} else greatest(${moved}, ${row}.expires_at) end`;
}

/** Seconds, of which the reply has microseconds; `Infinity` for never. */
export function epoch(time: string): string {
  return `extract(epoch from ${time})`;
}

/** What follows `insert … as stored`, for a new record. Nothing is done where it may not take the row's place. */
export const orReplaceVacant = `on conflict (id) do update
  set data = excluded.data, birth = excluded.birth, revision = excluded.revision, expires_at = excluded.expires_at
  where ${isVacant('stored', 'excluded.birth')}`;

/**
 * What follows `insert … as stored`, for a grave. Nothing is done to the live record of another birth; a birth that is in
 * its grave already stays there for the longer of both times.
 */
export const orBury = `on conflict (id) do update
  set data = null, birth = excluded.birth, revision = '', expires_at = case
    when stored.data is null and stored.birth = excluded.birth then greatest(stored.expires_at, excluded.expires_at)
    else excluded.expires_at end
  where stored.birth = excluded.birth or not ${isLive('stored')}`;

/** Seconds. What expires within one of these shares an entry of the sweep's index, so that most saves leave it alone. */
export const sweepGranule = 600;
