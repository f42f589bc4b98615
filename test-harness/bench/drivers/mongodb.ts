import type { Subject } from '@session-stores/test-harness';
import session, { type SessionData } from 'express-session';
import { type Collection, MongoClient } from 'mongodb';

type Answer = (error: unknown, found?: SessionData) => void;

interface Row {
  readonly _id: string;
  readonly data: string;
  readonly expires: Date;
}

/** The mongodb driver, one command a call: the least that a store could do. */
class BareMongo extends session.Store {
  readonly client: MongoClient;
  readonly #sessions: Collection<Row>;

  constructor(url: string, collection: string) {
    super();
    this.client = new MongoClient(url);
    this.#sessions = this.client.db().collection(collection);
  }

  override get(id: string, callback: Answer): void {
    this.#sessions
      .findOne({ _id: id, expires: { $gt: new Date() } })
      .then((row) => callback(null, row === null ? undefined : JSON.parse(row.data)), callback);
  }

  override set(id: string, data: SessionData, callback: Answer): void {
    const row = { data: JSON.stringify(data), expires: data.cookie.expires as Date };
    this.#sessions.replaceOne({ _id: id }, row, { upsert: true }).then(() => callback(null), callback);
  }

  override touch(id: string, data: SessionData, callback: () => void): void {
    this.#sessions
      .updateOne({ _id: id }, { $set: { expires: data.cookie.expires as Date } })
      .then(() => callback(), callback);
  }

  override destroy(id: string, callback: Answer): void {
    this.#sessions.deleteOne({ _id: id }).then(() => callback(null), callback);
  }
}

const url = new URL(import.meta.url).searchParams.get('url') ?? 'mongodb://127.0.0.1';

export default {
  name: 'mongodb',
  create: ({ namespace }) => new BareMongo(url, namespace),
  close: (store) => (store as BareMongo).client.close(),
} satisfies Subject;
