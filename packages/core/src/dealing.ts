import type { CallContext, Expiry, ItemError } from './backend.js';
import type { Parcel } from './batch.js';
import { isTransient, type SessionStoreError } from './errors.js';

export type Answered<A> = Exclude<A, ItemError>;

type Parcels<Item, Answer> = readonly Parcel<Item, Answered<Answer>>[];

/** A primitive of the backend that takes many items, and how it is called. */
export interface Primitive<Item, Answer> {
  readonly action: string;
  readonly idOf: (item: Item) => string;
  /** The item after so many ms of waiting. */
  readonly whenSent: (item: Item, waited: number) => Item;
  run(items: readonly Item[], context: CallContext): Promise<readonly Answer[]>;
  /** Makes the call within its time limit; rejects with errors of ours. */
  call(
    work: (context: CallContext) => Promise<readonly Answer[]>,
    parcels: Parcels<Item, Answer>,
  ): Promise<readonly Answer[]>;
  /** The failure of one item as an error of ours. */
  wrap(error: unknown, id: string): SessionStoreError;
}

/** Sends parcels in one call and deals out the answers, one by one. Never rejects. */
export async function sendTogether<Item, Answer>(
  primitive: Primitive<Item, Answer>,
  parcels: Parcels<Item, Answer>,
): Promise<void> {
  let lost: { readonly error: unknown } | undefined;
  try {
    await deal(primitive, parcels);
    return;
  } catch (error) {
    lost = parcels.length === 1 || isTransient(error) ? { error } : undefined;
  }
  // One item that the storage cannot take must not fail the others that happened to travel with it. But a storage that
  // falls silent meanwhile must not be waited for once for every item.
  for (const parcel of parcels) {
    if (lost !== undefined) {
      parcel.fail(lost.error);
      continue;
    }
    try {
      await deal(primitive, [parcel]);
    } catch (error) {
      parcel.fail(error);
      lost = isTransient(error) ? { error } : undefined;
    }
  }
}

/** Rejects if there are no answers. */
async function deal<Item, Answer>(
  { action, idOf, whenSent, run, call, wrap }: Primitive<Item, Answer>,
  parcels: Parcels<Item, Answer>,
): Promise<void> {
  const { distinct, positions } = distinctOf(parcels, idOf);
  const answers = await call(async (context) => {
    const now = Date.now();
    const items = distinct.map(({ item, madeAt }) => whenSent(item, Math.max(0, now - madeAt)));
    const given = await run(items, context);
    if (!Array.isArray(given) || given.length !== items.length) {
      throw new TypeError(`The backend's ${action} must resolve to as many answers as it got items`);
    }
    return given;
  }, parcels);
  for (const [index, parcel] of parcels.entries()) {
    const answer = answers[positions?.[index] ?? index];
    if (isItemError(answer)) {
      parcel.fail(wrap(answer.error, idOf(parcel.item)));
    } else {
      parcel.settle(answer as Answered<Answer>);
    }
  }
}

/** Two reads of one id share the answer; each makes its own session of it. `positions` where any do. */
function distinctOf<Item, Answer>(
  parcels: Parcels<Item, Answer>,
  idOf: (item: Item) => string,
): { distinct: Parcels<Item, Answer>; positions?: readonly number[] } {
  if (parcels.length === 1) {
    return { distinct: parcels };
  }
  const places = new Map<string, number>();
  for (const { item } of parcels) {
    const id = idOf(item);
    if (!places.has(id)) {
      places.set(id, places.size);
    }
  }
  if (places.size === parcels.length) {
    return { distinct: parcels };
  }
  const positions = parcels.map(({ item }) => places.get(idOf(item)) as number);
  return {
    distinct: parcels.filter((_, index) => positions.indexOf(positions[index] as number) === index),
    positions,
  };
}

/** An expiry is told in ms from when it was asked for, and a session must not live longer because it had to wait. */
export function afterWait<Item extends { readonly expiry: Expiry }>(item: Item, waited: number): Item {
  if (waited === 0) {
    return item;
  }
  const { in: milliseconds, exact } = item.expiry;
  const left = milliseconds - waited;
  return { ...item, expiry: { in: exact ? Math.max(1, left) : left, exact } };
}

function isItemError(answer: unknown): answer is ItemError {
  return (answer as ItemError | undefined)?.status === 'error';
}
