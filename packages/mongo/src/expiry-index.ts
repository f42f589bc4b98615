import type { Connection } from './connection.js';
import { MongoFailure } from './mongo-failure.js';

/** The index by which the server deletes expired documents, the same as connect-mongo's. */
const key = { expires: 1 };
const name = 'expires_1';

/** Whether the server deletes what has expired; if not, `problem` says why where somebody can mend it. */
export interface ServerExpiry {
  readonly isOn: boolean;
  readonly problem: MongoFailure | undefined;
}

const unauthorized = 13;
const conflicts: ReadonlySet<number> = new Set([85, 86]);
/** Not implemented (FerretDB), cannot create the index, not supported: what servers without TTL indexes say. */
const noTtl: ReadonlySet<number> = new Set([238, 67, 115]);

/**
 * Creates the TTL index where there is none; with the collection, if that is missing. Safe in many processes at once.
 *
 * @throws MongoFailure that passes by itself.
 */
export async function ensureExpiryIndex(
  connection: Connection,
  collection: string,
  signal: AbortSignal,
): Promise<ServerExpiry> {
  const create = (options: object) =>
    connection.send(signal, () => ({
      createIndexes: collection,
      indexes: [{ key, name, ...options }],
    }));
  try {
    await create({ expireAfterSeconds: 0 });
    return { isOn: true, problem: undefined };
  } catch (error) {
    const failure = error as MongoFailure;
    if (failure.transient || failure.kind === 'CLIENT') throw failure;
    const existing = await expiryIndex(connection, collection, signal);
    if (existing === 'deletes') return { isOn: true, problem: undefined };
    if (failure.serverCode === unauthorized) return { isOn: false, problem: notAllowed(collection) };
    if (conflicts.has(failure.serverCode ?? 0)) return { isOn: false, problem: conflict(collection) };
    // An index that deletes nothing helps us to find what has expired; it is no pity if that fails too. Where the server may
    // have TTL indexes after all, it would be in the way of ours for ever.
    const isWithout = noTtl.has(failure.serverCode ?? 0);
    if (isWithout && existing === 'none') await create({}).catch(() => {});
    return { isOn: false, problem: undefined };
  }
}

interface IndexList {
  readonly cursor: { readonly firstBatch: readonly { key: object; expireAfterSeconds?: unknown }[] };
}

async function expiryIndex(
  connection: Connection,
  collection: string,
  signal: AbortSignal,
): Promise<'deletes' | 'keeps' | 'none'> {
  try {
    const { cursor } = await connection.send<IndexList>(signal, () => ({
      listIndexes: collection,
      cursor: { batchSize: 1000 },
    }));
    const index = cursor.firstBatch.find((one) => JSON.stringify(one.key) === JSON.stringify(key));
    if (index === undefined) return 'none';
    return index.expireAfterSeconds === undefined ? 'keeps' : 'deletes';
  } catch (error) {
    if ((error as MongoFailure).transient) throw error;
    return 'none';
  }
}

function notAllowed(collection: string): MongoFailure {
  return new MongoFailure(
    'INDEX',
    `the user of MongoDB may not create the index by which the server deletes expired sessions, so the store deletes them itself. ${remedy(collection)}`,
  );
}

function conflict(collection: string): MongoFailure {
  return new MongoFailure(
    'INDEX',
    `the collection has an index on expires, or of the name ${name}, that deletes nothing, so the store deletes expired sessions itself. Drop that index, or: ${remedy(collection)}`,
  );
}

function remedy(collection: string): string {
  return `Create it once: db.getCollection(${JSON.stringify(collection)}).createIndex({ expires: 1 }, { expireAfterSeconds: 0 })`;
}
