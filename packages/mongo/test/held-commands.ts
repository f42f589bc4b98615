import { type CommandStartedEvent, MongoClient } from 'mongodb';
import { afterAll, beforeEach, expect } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { MongoBackend, type MongoClientLike } from '../src/index.js';

export type Command = Record<string, unknown>;

/** A document as a test puts it there, or finds it. */
export interface Stored {
  readonly _id: string;
  readonly session?: unknown;
  readonly expires?: Date;
}

/** A session as connect-mongo stores it. */
export const foreign = (text: string, changes: Partial<Stored> = {}) => ({
  session: `{"cookie":{},"text":"${text}"}`,
  expires: new Date(Date.now() + 60_000),
  ...changes,
});

export const atLeast = (milliseconds: number) => ({ in: milliseconds, exact: false });
export const exactly = (milliseconds: number) => ({ in: milliseconds, exact: true });
/** For what lives for 1 ms. */
export const expired = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Two backends of one collection, a new one for each test, of which the commands of one are in the hands of the test. */
export class HeldCommands {
  readonly client: MongoClient;
  readonly held: MongoClientLike;
  /** Through this each command of `ours` goes. */
  hold: (command: Command, send: () => Promise<Command>) => Promise<Command> = (_, send) => send();
  sent: CommandStartedEvent[] = [];
  collection = '';
  ours!: MongoBackend;
  others!: MongoBackend;
  #made = 0;

  constructor(
    url: string,
    readonly database: string,
  ) {
    this.client = new MongoClient(url, { monitorCommands: true });
    this.client.on('commandStarted', (event) => this.sent.push(event));
    this.held = {
      connect: () => this.client.connect(),
      db: (name) => ({
        command: (command, options) =>
          this.hold(command as Command, () => this.client.db(name).command(command, options)),
      }),
    };
    beforeEach(async () => {
      this.collection = `c${++this.#made}`;
      this.hold = (_, send) => send();
      const { collection } = this;
      [this.ours] = await opened(new MongoBackend({ client: this.held, database, collection }));
      [this.others] = await opened(new MongoBackend({ client: this.client, database, collection }));
    });
    afterAll(async () => {
      await this.client.db(database).dropDatabase();
      await this.client.close();
    });
  }

  sessions() {
    return this.client.db(this.database).collection<Stored>(this.collection);
  }

  async stored(id: string): Promise<Stored> {
    return (await this.sessions().findOne({ _id: id })) as Stored;
  }

  /** Acts once the first command of this name is answered, and before `ours` hears the answer. */
  after(name: string, act: () => Promise<unknown>): void {
    let isOver = false;
    this.hold = async (command, send) => {
      const reply = await send();
      if (name in command && !isOver) {
        isOver = true;
        await act();
      }
      return reply;
    };
  }

  async written(write = sample(), backend = this.others) {
    expect(await backend.write([write], within())).toEqual([{ status: 'written' }]);
    return write;
  }

  remove(id: string, birth: string | undefined, grace = 60_000, backend = this.others) {
    return one(backend.remove([{ id, grace, ...(birth !== undefined && { birth }) }], within()));
  }

  read(id: string) {
    return one(this.others.read([id], within()));
  }
}
