import { randomBytes } from 'node:crypto';
import { announcement, recordName, type Subscriber, type Subscription } from '@session-stores/core';
import type { Connection } from './connection.js';
import type { MongoPlace } from './mongo-client.js';
import { driverFailure, MongoFailure } from './mongo-failure.js';

/** What is taken of an event: https://www.mongodb.com/docs/manual/reference/change-events/ */
interface Change {
  /** None where it is about the whole collection. */
  readonly documentKey?: { readonly _id: unknown };
  readonly by?: unknown;
}

/**
 * The time of the server, from which a change stream can begin: what is changed after the answer is in it.
 *
 * @throws MongoFailure `NO_CHANGES` where a change stream cannot carry a cache; `BUSY` where the set has just begun.
 */
export async function operationTime(connection: Connection, signal: AbortSignal): Promise<unknown> {
  const { setName, msg, operationTime } = await connection.send<Hello>(signal, () => ({ hello: 1 }));
  if (setName !== undefined) {
    // A stream without a time to begin at would begin whenever the server opens it.
    if (operationTime !== undefined) return operationTime;
    throw new MongoFailure('BUSY', 'the replica set has just begun and does not tell its time yet');
  }
  throw new MongoFailure(
    'NO_CHANGES',
    msg === 'isdbgrid'
      ? "leave out option 'cache' behind a mongos: each shard orders its changes by a clock of its own, so that nobody can tell in time that no change is missing"
      : "leave out option 'cache', or make the server a replica set (of one member, if need be): a server alone has no change streams, by which a cache learns what others change",
  );
}

/** https://www.mongodb.com/docs/manual/reference/command/hello/ (from 4.4.2) */
interface Hello {
  readonly setName?: unknown;
  /** `isdbgrid`: a mongos. */
  readonly msg?: unknown;
  readonly operationTime?: unknown;
}

/**
 * Listens to the change stream of the collection, which tells what a majority has, in the order in which it was changed.
 * A beat takes the same way: it is a document of its own in the collection, whose id no session can have. It has
 * expired from the beginning, so that connect-mongo does not list it, and the server deletes it.
 */
export async function subscribe(
  connection: Connection,
  { collection, writeConcern }: MongoPlace,
  { signal, hear, broken }: Subscriber,
): Promise<Subscription> {
  const beat = randomBytes(9).toString('base64url');
  const changes = await connection.watch(
    signal,
    collection,
    [
      {
        $match: {
          $or: [{ 'documentKey._id': { $not: { $type: 'object' } } }, { 'documentKey._id.beat': beat }],
        },
      },
      // Not the sessions themselves. Without its `_id`, the resume token, the server gives no event.
      {
        $project: {
          documentKey: 1,
          by: { $ifNull: ['$updateDescription.updatedFields.by', '$fullDocument.by'] },
        },
      },
    ],
    { startAtOperationTime: await operationTime(connection, signal) },
  );
  changes.on('data', (told) => {
    const { documentKey, by } = told as Change;
    if (documentKey === undefined) {
      broken(new MongoFailure('CONNECTION', 'the collection was dropped or renamed'));
    } else if (typeof documentKey._id === 'string') {
      const name = recordName(documentKey._id);
      hear(typeof by === 'string' ? announcement(name, by) : name);
    } else if (typeof by === 'string') {
      hear(by);
    }
  });
  changes.on('error', (error) => broken(driverFailure(error)));
  const ended = () => broken(new MongoFailure('CONNECTION', 'the change stream was closed'));
  changes.on('end', ended);
  changes.on('close', ended);
  const publish = (by: string, within: AbortSignal) =>
    connection.send(within, () => ({
      update: collection,
      updates: [{ q: { _id: { beat } }, u: { $set: { by, expires: new Date(0) } }, upsert: true }],
      writeConcern,
    }));
  return {
    ways: (within) => [(text) => publish(text, within)],
    // This alone: closed twice at once, the driver leaves the cursor open on the server.
    close: () => void changes.destroy(),
  };
}
