import { createHash } from 'node:crypto';
import type { Statement } from './connections.js';
import { epoch, expiry, isLive, movedExpiry, orBury, orReplaceVacant, sweepGranule } from './row-states.js';

/** Any constant will do that nobody else takes for the first half of an advisory lock: "ssw1" in ASCII. */
const sweepLock = 0x73737731;

/** Rows. Small enough that a page holds up nobody; in the statements as a number, so that the planner sees it. */
export const pageSize = 500;

const columns = (row: string): string =>
  `${row}.data, ${row}.birth, ${row}.revision, ${epoch(`${row}.expires_at`)}`;
const now = epoch('clock_timestamp()');

/**
 * Lists as parameters, whose length the planner does not see. Where it does, it thinks each length worth a plan of its own,
 * and planning takes longer than the statement.
 */
const lists = (...types: readonly string[]): string =>
  types.map((type, index) => `(select $${index + 1}::${type}[])`).join(', ');
const anyOf = (parameter: string): string => `any((select ${parameter}::text[])::text[])`;

/** The channel on which changes of the table are told, the same whatever name it is called by. */
export function channelOf(table: string): string {
  return `'session_stores_' || '${table.replaceAll("'", "''")}'::regclass::oid::text`;
}

/**
 * All SQL that runs while the store is in use. The usual single item has a statement of its own (`…One`), which is
 * answered by the number of rows that it changed, and does nothing where it meets anything else than the usual.
 *
 * For that, and for many items, each primitive has one statement, which answers by a row, with the item's position from 1,
 * where it did not do what is usual. It locks the rows that are there first, in the order of
 * their ids, so that no two batches wait for each other; and it decides on the rows that it then holds, which are the
 * current ones. Its snapshot can be older: an insert that meets a row which the snapshot does not have is answered `lost`,
 * has done nothing, and is to be sent again.
 *
 * @param table Its name as it stands in SQL.
 * @param announces Whether the statements that change live records also tell who listens (`NOTIFY`): it happens with the change
 *   or not at all. They take one value more, the source; what is told is core's `recordName` of the id, then the source.
 */
export function statementsFor(table: string, announces = false) {
  const tell = (id: string, source: number): string => {
    const name = `left(encode(sha256(convert_to(${id}, 'UTF8')), 'hex'), 12)`;
    return `pg_notify(${channelOf(table)}, ${name} || ' ' || $${source}::text)`;
  };
  /** One row, if `change` changes one. */
  const one = (change: string, source: number): string =>
    announces
      ? `with done as (${change} returning stored.id) select ${tell('done.id', source)} from done`
      : change;
  /** A column that tells of each row of which that was decided, and done. */
  const told = (verdict: string, source: number): string[] =>
    announces
      ? [
          `case when judged.verdict = '${verdict}' and done.id is not null then ${tell('judged.id', source)} end`,
        ]
      : [];
  /** What was done as usual needs no row of the reply. But who tells of it does so in that row. */
  const unlessDone = (success: string): string =>
    announces ? '' : `where ${outcome(success)} is distinct from '${success}'`;
  const locked = `locked as materialized (
    select id, data, birth, revision, expires_at from ${table} where id = ${anyOf('$1')} order by id for no key update
  )`;
  // The row is locked before it is looked at. An `update` by id looks first, and would not look again after it has waited
  // for somebody who only locked the row: a session could expire meanwhile and yet be updated. A row that was changed
  // meanwhile is at another place than the snapshot shows, and counts as not usual.
  const isLocked = (row: string): string =>
    `${row}.ctid = (select ctid from ${table} where id = $1 for no key update)`;
  return {
    time: `select ${now}`,

    /** Id. */
    readOne: `select stored.id, ${columns('stored')}, ${now}
      from ${table} stored where stored.id = $1 and ${isLive('stored')}`,

    /** Ids. */
    read: `select stored.id, ${columns('stored')}, ${now}
      from ${table} stored where stored.id = ${anyOf('$1')} and ${isLive('stored')}`,

    /** Id, data, birth, revision, ms. */
    insertOne: `insert into ${table} as stored (id, data, birth, revision, expires_at)
      values ($1, $2, $3, $4, ${expiry('$5::float8')}) ${orReplaceVacant}`,

    /** Id, data, birth, revision, ms, whether that is exact, the expected revision. */
    updateOne: one(
      `update ${table} stored
      set data = $2, birth = $3, revision = $4, expires_at = ${movedExpiry('stored', '$5::float8', '$6::boolean')}
      where ${isLocked('stored')} and stored.revision = $7 and ${isLive('stored')}`,
      8,
    ),

    /** Id, the expected revision, ms, whether that is exact. */
    touchOne: one(
      `update ${table} stored set expires_at = ${movedExpiry('stored', '$3::float8', '$4::boolean')}
      where ${isLocked('stored')} and stored.revision = $2 and ${isLive('stored')}`,
      5,
    ),

    /** Id, birth, ms. */
    removeOne: one(
      `insert into ${table} as stored (id, data, birth, revision, expires_at)
      values ($1, null, $2, '', ${expiry('$3::float8')}) ${orBury}`,
      4,
    ),

    /** Lists of what `insertOne` and `updateOne` take; an expected revision that is null means absent, '' absent and unanswered. */
    write: `with item as (
        select * from unnest(${lists('text', 'text', 'text', 'text', 'float8', 'boolean', 'text')})
          with ordinality as item (id, data, birth, revision, lifetime, exact, expected, position)
      ), ${locked}, judged as materialized (
        select item.*, locked.data as current_data, locked.birth as current_birth,
          locked.revision as current_revision, locked.expires_at as current_expires_at,
          case
            when ${isLive('locked')} then
              case when locked.revision = item.expected then 'update' else 'conflict' end
            when item.expected <> '' then 'gone'
            when locked.id is null or locked.expires_at <= clock_timestamp() then 'insert'
            when locked.birth = item.birth then 'gone'
            when item.expected = '' then 'buried'
            else 'insert'
          end as verdict
        from item left join locked on locked.id = item.id
      ), updated as (
        update ${table} stored
        set data = judged.data, birth = judged.birth, revision = judged.revision,
          expires_at = ${movedExpiry('stored', 'judged.lifetime', 'judged.exact')}
        from judged where judged.verdict = 'update' and stored.id = judged.id
        returning stored.id
      ), inserted as (
        insert into ${table} as stored (id, data, birth, revision, expires_at)
        select id, data, birth, revision, ${expiry('lifetime')} from judged where verdict = 'insert'
        order by id collate "C" ${orReplaceVacant}
          and (stored.expires_at <= clock_timestamp()
            or not exists (select from judged where judged.id = excluded.id and judged.expected = ''))
        returning stored.id
      ), done as (select id from updated union all select id from inserted)
      select judged.id, ${[conflictColumns, now, ...told('update', 8), outcome('written')].join(', ')}, judged.position
      from judged left join done on done.id = judged.id ${unlessDone('written')}`,

    /** Lists of what `touchOne` takes. */
    touch: `with item as (
        select * from unnest(${lists('text', 'text', 'float8', 'boolean')})
          with ordinality as item (id, expected, lifetime, exact, position)
      ), ${locked}, judged as materialized (
        select item.*, locked.data as current_data, locked.birth as current_birth,
          locked.revision as current_revision, locked.expires_at as current_expires_at,
          case
            when not ${isLive('locked')} then 'gone'
            when locked.revision = item.expected then 'update' else 'conflict'
          end as verdict
        from item left join locked on locked.id = item.id
      ), done as (
        update ${table} stored set expires_at = ${movedExpiry('stored', 'judged.lifetime', 'judged.exact')}
        from judged where judged.verdict = 'update' and stored.id = judged.id
        returning stored.id
      )
      select judged.id, ${[conflictColumns, now, ...told('update', 5), outcome('touched')].join(', ')}, judged.position
      from judged left join done on done.id = judged.id ${unlessDone('touched')}`,

    /** Lists of what `removeOne` takes; a birth that is null means whatever is live. */
    remove: `with item as (
        select * from unnest(${lists('text', 'text', 'float8')})
          with ordinality as item (id, birth, grace, position)
      ), ${locked}, judged as materialized (
        select item.id, item.grace, item.position, locked.birth as current_birth,
          coalesce(item.birth, locked.birth) as birth,
          case
            when ${isLive('locked')} then
              case when item.birth <> locked.birth then 'conflict' else 'bury' end
            when item.birth is null or item.grace = 0 then 'removed'
            else 'bury'
          end as verdict
        from item left join locked on locked.id = item.id
      ), done as (
        insert into ${table} as stored (id, data, birth, revision, expires_at)
        select id, null, birth, '', ${expiry('grace')} from judged where verdict = 'bury'
        order by id collate "C" ${orBury}
        returning stored.id
      )
      select judged.id, judged.current_birth, ${[...told('bury', 4), outcome('removed')].join(', ')}, judged.position
      from judged left join done on done.id = judged.id ${unlessDone('removed')}`,

    /** The id that comes before. */
    page: `select stored.id, ${columns('stored')}, ${now}
      from ${table} stored where stored.id > $1 and ${isLive('stored')} order by stored.id limit ${pageSize}`,

    count: `select count(*) from ${table} stored where ${isLive('stored')}`,

    /** The id that comes before, ms. Answers the last id, null at the end. */
    buryPage: `with page as materialized (
        select stored.id, stored.birth from ${table} stored where stored.id > $1 and ${isLive('stored')}
        order by stored.id limit ${pageSize} for no key update
      ), buried as (
        insert into ${table} as stored (id, data, birth, revision, expires_at)
        select id, null, birth, '', ${expiry('$2::float8')} from page ${orBury}${announces ? ' returning stored.id' : ''}
      )
      ${announces ? `, told as (select count(${tell('buried.id', 3)}::text) from buried) select max(page.id) from page, told` : 'select max(id) from page'}`,

    /**
     * How many, the table's name. One sweeper at a time: the lock ends with the statement, and the others do nothing. A row
     * that was given a new life meanwhile is at another place than the snapshot shows, and stays.
     */
    prune: `with turn as materialized (
        select pg_try_advisory_xact_lock(${sweepLock}, $2::regclass::oid::int4) as mine
      ), expired as materialized (
        select ctid from ${table}
        where (select mine from turn) and expires_at <= statement_timestamp()
          and sweep_slot <= floor(extract(epoch from statement_timestamp()) / ${sweepGranule})::bigint
        order by sweep_slot limit $1 for update skip locked
      )
      delete from ${table} where ctid = any(array(select ctid from expired))`,
  };
}

/** The current record where it is a conflict: only then does it travel. */
const conflictColumns = ['data', 'birth', 'revision', 'expires_at']
  .map((column) => {
    const current = `judged.current_${column}`;
    return `case when judged.verdict = 'conflict' then ${column === 'expires_at' ? epoch(current) : current} end`;
  })
  .join(', ');

/** What was decided, and whether what was to be done then was done. */
function outcome(success: string): string {
  return `case
    when judged.verdict not in ('update', 'insert', 'bury') then judged.verdict
    when done.id is null then 'lost' else '${success}'
  end`;
}

export type Statements = { readonly [Name in keyof ReturnType<typeof statementsFor>]: Statement };

/** The statements, each under a name of its own if they are to be prepared: two tables can be used through one pool. */
export function preparedFor(table: string, prepared: boolean, announces: boolean): Statements {
  const texts = Object.entries(statementsFor(table, announces));
  const statements = texts.map(([name, text]): [string, Statement] => {
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
    return [name, prepared ? { text, name: `session-stores ${name} ${digest}` } : { text }];
  });
  return Object.fromEntries(statements) as Statements;
}
