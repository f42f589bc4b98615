import type {
  Expiry,
  ItemError,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionRecord,
  TouchAnswer,
  WriteAnswer,
} from '@session-stores/core';
import type { Statements } from './statements.js';
import { textArray } from './text-array.js';

/** Ms that are left of an expiry, null for ever. */
export type Remaining = (expiry: Expiry) => number | null;

/** A row of a reply. */
export type Row = readonly (string | null)[];

/** The rows of `many`, each at the position that it ends with; nothing where there is none. */
export function byPosition(rows: readonly Row[], count: number): (Row | undefined)[] {
  const placed = new Array<Row | undefined>(count).fill(undefined);
  for (const row of rows) placed[Number(row.at(-1)) - 1] = row;
  return placed;
}

/** What came of the item of a row of `many`, which says it before the position. */
function outcomeIn(row: Row): string | null | undefined {
  return row.at(-2);
}

/** A primitive that changes rows. */
export interface Change<Item, Answer> {
  /** The statement for one usual item, and its answer where that changed a row. `undefined`: the item is not usual. */
  readonly one: (
    item: Item,
    remaining: Remaining,
  ) => { statement: keyof Statements; values: unknown[] } | undefined;
  readonly done: Answer;
  readonly many: keyof Statements;
  /** The lists that `many` takes. */
  readonly values: (items: readonly Item[], remaining: Remaining) => unknown[];
  /** Of a row of `many`, which tells of what is not `done`, and may tell of it; `undefined`: it is to be sent again. */
  readonly answer: (row: Row, record: (row: Row) => SessionRecord) => Exclude<Answer, ItemError> | undefined;
}

export const write: Change<RecordWrite, WriteAnswer> = {
  one({ id, data, birth, revision, expiry, expect, unanswered }, remaining) {
    const values = [id, data, birth, revision, remaining(expiry)];
    if (unanswered) return undefined;
    if (expect === 'absent') return { statement: 'insertOne', values };
    return { statement: 'updateOne', values: [...values, expiry.exact, expect.revision] };
  },
  done: { status: 'written' },
  many: 'write',
  values: (items, remaining) => [
    textArray(items.map(({ id }) => id)),
    textArray(items.map(({ data }) => data)),
    textArray(items.map(({ birth }) => birth)),
    textArray(items.map(({ revision }) => revision)),
    items.map(({ expiry }) => remaining(expiry)),
    items.map(({ expiry }) => expiry.exact),
    textArray(
      items.map(({ expect, unanswered }) => (expect !== 'absent' ? expect.revision : unanswered ? '' : null)),
    ),
  ],
  answer(row, record) {
    const outcome = outcomeIn(row);
    if (outcome === 'conflict') return { status: 'conflict', current: record(row) };
    return outcome === 'lost' ? undefined : { status: outcome as 'written' | 'gone' | 'buried' };
  },
};

export const touch: Change<RecordTouch, TouchAnswer> = {
  one: ({ id, revision, expiry }, remaining) => ({
    statement: 'touchOne',
    values: [id, revision, remaining(expiry), expiry.exact],
  }),
  done: { status: 'touched' },
  many: 'touch',
  values: (items, remaining) => [
    textArray(items.map(({ id }) => id)),
    textArray(items.map(({ revision }) => revision)),
    items.map(({ expiry }) => remaining(expiry)),
    items.map(({ expiry }) => expiry.exact),
  ],
  answer(row, record) {
    const outcome = outcomeIn(row);
    if (outcome === 'conflict') return { status: 'changed', current: record(row) };
    return outcome === 'lost' ? undefined : { status: outcome as 'touched' | 'gone' };
  },
};

export const remove: Change<RecordRemoval, RemoveAnswer> = {
  one: ({ id, birth, grace }) =>
    birth === undefined || grace === 0 ? undefined : { statement: 'removeOne', values: [id, birth, grace] },
  done: { status: 'removed' },
  many: 'remove',
  values: (items) => [
    textArray(items.map(({ id }) => id)),
    textArray(items.map(({ birth }) => birth ?? null)),
    items.map(({ grace }) => grace),
  ],
  answer(row) {
    const outcome = outcomeIn(row);
    if (outcome === 'conflict') return { status: 'other', birth: row[1] ?? undefined };
    return outcome === 'lost' ? undefined : { status: 'removed' };
  },
};
