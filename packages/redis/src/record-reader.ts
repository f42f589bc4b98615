import { decodeRecord, isGrave, type ReadAnswer, type SessionRecord } from '@session-stores/core';
import { itemError } from './redis-failure.js';
import { callScript, evaluate, type ScriptTarget } from './script-call.js';
import { leftScript, readScript } from './scripts.js';

/** What is stored under some keys, and the epoch ms of the server at which each expires, of one moment. */
interface Stored {
  readonly texts: readonly (string | null)[];
  /** -1: never; `undefined`: nothing is there. */
  readonly expiries: readonly (number | undefined)[];
}

/** For less, to send four commands takes longer than Lua with the texts. */
const worthTransaction = 8;

/** Makes records of what is stored. */
export class RecordReader {
  readonly target: ScriptTarget;
  readonly #prefix: string;

  /** `prefix`: what each key begins with. */
  constructor(target: ScriptTarget, prefix: string) {
    this.target = target;
    this.#prefix = prefix;
  }

  async read(ids: readonly string[], signal: AbortSignal): Promise<readonly ReadAnswer[]> {
    // On a Cluster it would be four commands a key, which do not follow a slot to its node.
    if (this.target.isCluster || ids.length < worthTransaction) return this.#readByScript(ids, signal);
    const keys = ids.map((id) => this.#prefix + id);
    const { texts, expiries } = await this.#readStored(keys, signal);
    const doubtful: number[] = [];
    const answers: ReadAnswer[] = ids.map((id, index) => {
      const text = texts[index] ?? null;
      const expiry = expiries[index];
      if (expiry === undefined || (text !== null && isGrave(text))) return undefined;
      const decoded = text === null ? undefined : decodeRecord(text);
      if (decoded !== undefined) return { id, ...decoded, expiresAt: this.#localTime(expiry) };
      doubtful.push(index);
      return undefined;
    });
    if (doubtful.length === 0) return answers;
    // Of what a foreign store wrote only the server has the bytes; and MGET passes over what is no string.
    const again = await this.#readByScript(
      doubtful.map((index) => ids[index] as string),
      signal,
    );
    for (const [place, index] of doubtful.entries()) answers[index] = again[place];
    return answers;
  }

  /**
   * Reads from a single server. The texts do not go through the script, because Lua makes a hash of all that it is given: of
   * a session of 20 KiB that took the server longer than all the rest.
   *
   * @throws RedisFailure
   */
  async #readStored(keys: readonly string[], signal: AbortSignal): Promise<Stored> {
    const { connection, clock } = this.target;
    return connection.use(signal, async (driver) => {
      let texts: Stored['texts'] = [];
      const known = [`${keys.length}`, ...keys];
      const { now, answers } = await evaluate(clock, leftScript, known, async (command) => {
        const transaction = [['multi'], ['mget', ...keys], command, ['exec']];
        const replies = (await driver.sendInRow(transaction)).at(-1) as readonly unknown[];
        const failure = replies.find((reply) => reply instanceof Error);
        if (failure !== undefined) throw failure;
        texts = replies[0] as Stored['texts'];
        return replies[1];
      });
      const expiries = (answers as number[]).map((left) =>
        left > 0 ? now + left : left === -1 ? -1 : undefined,
      );
      return { texts, expiries };
    });
  }

  async #readByScript(ids: readonly string[], signal: AbortSignal): Promise<readonly ReadAnswer[]> {
    const items = ids.map((id) => ({ key: this.#prefix + id, arguments: [] }));
    const replies = await callScript(this.target, signal, readScript, () => items);
    return replies.map((reply, index) => {
      if (!Array.isArray(reply)) return itemError(reply, this.target.isCluster);
      if (reply[0] !== null) return this.record(ids[index] as string, reply);
      return reply[2] === '' ? undefined : itemError(reply[2], this.target.isCluster);
    });
  }

  /** Of what a script says of a record: its text, its expiry, and its revision if a foreign store wrote it. */
  record(id: string, [text, expiry, foreign]: readonly unknown[]): SessionRecord {
    const stored = text as string;
    const { data, birth, revision } = decodeRecord(stored) ?? {
      data: stored,
      birth: undefined,
      revision: foreign as string,
    };
    return { id, data, birth, revision, expiresAt: this.#localTime(Number(expiry)) };
  }

  /** `expiry`: epoch ms of the server; -1 is never. */
  #localTime(expiry: number): number {
    return expiry === -1 ? Number.POSITIVE_INFINITY : this.target.clock.toLocal(expiry);
  }
}
