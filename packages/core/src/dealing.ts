import { answersOf } from './at-once.js';
import { type Awaitable, after } from './awaitable.js';
import type { CallContext, Expiry, ItemError, RecordWrite } from './backend.js';
import { isTransient, type SessionStoreError } from './errors.js';
import type { Parcel } from './parcel.js';

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
    work: (context: CallContext) => Awaitable<readonly Answer[]>,
    parcels: Parcels<Item, Answer>,
  ): Awaitable<readonly Answer[]>;
  /** The failure of one item as an error of ours. */
  wrap(error: unknown, id: string): SessionStoreError;
}

/** Why there are no answers. `dealt`: each item was told a transient failure of its own. */
interface Failure {
  readonly error: unknown;
  readonly dealt?: true;
}

/**
 * Sends parcels in one call and deals out the answers, one by one. Never rejects; resolves to a transient failure if the
 * server answered nothing.
 */
export function sendTogether<Item, Answer>(
  primitive: Primitive<Item, Answer>,
  parcels: Parcels<Item, Answer>,
): Awaitable<SessionStoreError | undefined> {
  return after(deal(primitive, parcels), (failure) =>
    failure === undefined || failure.dealt
      ? (failure?.error as SessionStoreError | undefined)
      : sendSingly(primitive, parcels, failure),
  );
}

/** What has failed together. */
async function sendSingly<Item, Answer>(
  primitive: Primitive<Item, Answer>,
  parcels: Parcels<Item, Answer>,
  failure: Failure,
): Promise<SessionStoreError | undefined> {
  // One item that the storage cannot take must not fail the others that happened to travel with it. But a storage that
  // falls silent meanwhile must not be waited for once for every item.
  let lost = parcels.length === 1 || isTransient(failure.error) ? failure : undefined;
  for (const parcel of parcels) {
    const failed = lost ?? (await deal(primitive, [parcel]));
    if (failed !== undefined && !failed.dealt) {
      parcel.fail(failed.error);
      lost = isTransient(failed.error) ? failed : lost;
    }
  }
  return isTransient(lost?.error) ? (lost?.error as SessionStoreError) : undefined;
}

function deal<Item, Answer>(
  primitive: Primitive<Item, Answer>,
  parcels: Parcels<Item, Answer>,
): Awaitable<Failure | undefined> {
  const { action, idOf, whenSent, run, call } = primitive;
  const { distinct, positions } = distinctOf(parcels, idOf);
  const work = (context: CallContext): Awaitable<readonly Answer[]> => {
    const now = Date.now();
    const items = distinct.map(({ item, madeAt }) => whenSent(item, Math.max(0, now - madeAt)));
    return after(answersOf(run(items, context)), (given) => {
      if (!Array.isArray(given) || given.length !== items.length) {
        throw new TypeError(`The backend's ${action} must resolve to as many answers as it got items`);
      }
      return given;
    });
  };
  const answers = call(work, parcels);
  return answers instanceof Promise
    ? answers.then(
        (given) => dealOut(primitive, parcels, given, positions),
        (error: unknown) => ({ error }),
      )
    : dealOut(primitive, parcels, answers, positions);
}

function dealOut<Item, Answer>(
  { idOf, wrap }: Primitive<Item, Answer>,
  parcels: Parcels<Item, Answer>,
  answers: readonly Answer[],
  positions: readonly number[] | undefined,
): Failure | undefined {
  let failures = 0;
  let lastFailure: SessionStoreError | undefined;
  for (let index = 0; index < parcels.length; index++) {
    const parcel = parcels[index] as Parcel<Item, Answered<Answer>>;
    const answer = answers[positions?.[index] ?? index];
    if (isItemError(answer)) {
      lastFailure = wrap(answer.error, idOf(parcel.item));
      failures += isTransient(lastFailure) ? 1 : 0;
      parcel.fail(lastFailure);
    } else {
      parcel.settle(answer as Answered<Answer>);
    }
  }
  return failures === parcels.length ? { error: lastFailure, dealt: true } : undefined;
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

/** How much text is in a write, in UTF-16 code units. */
export function dataLength({ data }: RecordWrite): number {
  return data.length;
}

export function isItemError(answer: unknown): answer is ItemError {
  return (answer as ItemError | undefined)?.status === 'error';
}
