import {
  announcement,
  type CallContext,
  type ChangeListener,
  type ClearContext,
  type Expiry,
  encodeRecord,
  graveText,
  type ItemError,
  type OpenContext,
  type ReadAnswer,
  type RecordRemoval,
  type RecordTouch,
  type RecordWrite,
  type RemoveAnswer,
  recordName,
  ServerClock,
  type SessionBackend,
  type SessionRecord,
  type TouchAnswer,
  type Watch,
  type WatchContext,
  type WriteAnswer,
  watchChannel,
} from '@session-stores/core';
import { scanCluster } from './cluster-scan.js';
import { Connection } from './connection.js';
import { type DriverSource, driverSource } from './driver.js';
import { keySlot } from './key-slot.js';
import { RecordReader } from './record-reader.js';
import { checkOptions, type RedisBackendOptions } from './redis-client.js';
import { itemError, RedisFailure } from './redis-failure.js';
import { scanServer } from './scan.js';
import type { Announced, WritingScript } from './script.js';
import { callScript, type Reply, type ScriptItem } from './script-call.js';
import { done, liveScript, removeScripts, touchScripts, writeScripts } from './scripts.js';
import { subscribe } from './subscription.js';

/** The storage primitives on Redis 5 or later, a single server, one behind Sentinel, or a Cluster. */
export class RedisBackend implements SessionBackend {
  readonly name = 'redis';
  readonly pipelines = true;
  /** On a Cluster those go together that, as far as is known, go to one node: another may be silent. */
  readonly routeOf?: (id: string) => string;
  readonly #connection: Connection;
  /** The same, unless writes wait for replicas: nothing else must wait behind them. */
  readonly #writing: Connection;
  readonly #clock = new ServerClock();
  readonly #isCluster: boolean;
  readonly #prefix: string;
  readonly #replicas: number;
  readonly #source: DriverSource;
  readonly #channel: string;
  readonly #reader: RecordReader;

  /** @throws InvalidOptionError */
  constructor(options: RedisBackendOptions) {
    const { prefix, replicas, ...where } = checkOptions(options);
    const source = driverSource(where);
    this.#connection = new Connection(source);
    this.#writing = replicas === 0 ? this.#connection : new Connection(source);
    this.#isCluster = source.isCluster;
    this.#prefix = source.keyPrefix + prefix;
    this.#replicas = replicas;
    this.#source = source;
    this.#channel = `session-stores:${this.#prefix}`;
    const target = {
      connection: this.#connection,
      clock: this.#clock,
      isCluster: this.#isCluster,
      replicas: 0,
    };
    this.#reader = new RecordReader(target, this.#prefix);
    if (source.isCluster) {
      this.routeOf = (id) => this.#connection.driver?.slots?.[keySlot(this.#prefix + id)]?.[0] ?? '';
    }
  }

  async open({ signal, onError }: OpenContext): Promise<void> {
    await Promise.all(
      [this.#connection, this.#writing].map((connection) => {
        connection.onIdleError(onError);
        return connection.use(signal, async () => undefined);
      }),
    );
  }

  async close(): Promise<void> {
    this.#connection.close();
    this.#writing.close();
  }

  read(ids: readonly string[], { signal }: CallContext): Promise<readonly ReadAnswer[]> {
    return this.#reader.read(ids, signal);
  }

  async write(writes: readonly RecordWrite[], context: CallContext): Promise<readonly WriteAnswer[]> {
    const remaining = stopwatch();
    const replies = await this.#change(writeScripts, context, () =>
      writes.map(({ id, data, birth, revision, expiry, expect, unanswered }) => ({
        key: this.#prefix + id,
        arguments: [
          encodeRecord(data, birth, revision),
          birth,
          expect !== 'absent' ? expect.revision : unanswered ? '?' : '',
          ...remaining(expiry),
          ...told(id, context),
        ],
      })),
    );
    return replies.map((reply, index) => {
      if (reply === done) return written;
      const [word, ...rest] = this.#answer(reply);
      if (word === 'gone' || word === 'buried') return { status: word };
      if (word !== 'conflict') return this.#itemError(rest);
      return { status: word, current: this.#reader.record((writes[index] as RecordWrite).id, rest) };
    });
  }

  async touch(touches: readonly RecordTouch[], context: CallContext): Promise<readonly TouchAnswer[]> {
    const remaining = stopwatch();
    const script = announces(context) ? touchScripts.announcing : touchScripts.silent;
    const target = { ...this.#target(context), connection: this.#connection, replicas: 0 };
    const replies = await callScript(target, context.signal, script, () =>
      touches.map(({ id, revision, expiry }) => ({
        key: this.#prefix + id,
        arguments: [revision, ...remaining(expiry), ...told(id, context)],
      })),
    );
    return replies.map((reply, index) => {
      if (reply === done) return touched;
      const [word, ...rest] = this.#answer(reply);
      if (word === 'gone') return { status: word };
      if (word !== 'changed') return this.#itemError(rest);
      return { status: word, current: this.#reader.record((touches[index] as RecordTouch).id, rest) };
    });
  }

  async remove(removals: readonly RecordRemoval[], context: CallContext): Promise<readonly RemoveAnswer[]> {
    const replies = await this.#change(removeScripts, context, () =>
      removals.map(({ id, birth = '', grace }) => ({
        key: this.#prefix + id,
        arguments: [birth, birth && graveText(birth), `${Math.ceil(grace)}`, ...told(id, context)],
      })),
    );
    return replies.map((reply) => {
      if (reply === done) return removed;
      const [word, ...rest] = this.#answer(reply);
      if (word === 'other') return { status: word, birth: (rest[0] as string) || undefined };
      return this.#itemError(rest);
    });
  }

  async *scan(context: CallContext): AsyncGenerator<readonly SessionRecord[]> {
    for await (const ids of this.#scanIds(context)) {
      const page: SessionRecord[] = [];
      for (const answer of await this.read(ids, context)) {
        if (answer !== undefined && !passesOver(answer)) page.push(answer);
      }
      yield page;
    }
  }

  async count(context: CallContext): Promise<number> {
    const live = new Set<string>();
    for await (const ids of this.#scanIds(context)) {
      const items = ids.map((id) => ({ key: this.#prefix + id, arguments: [] }));
      const replies = await callScript(this.#reader.target, context.signal, liveScript, () => items);
      replies.forEach((reply, index) => {
        if (reply instanceof RedisFailure) throw reply;
        if (reply === 1) live.add(ids[index] as string);
      });
    }
    return live.size;
  }

  async clear({ grace, ...context }: ClearContext): Promise<void> {
    for await (const ids of this.#scanIds(context)) {
      const removals = ids.map((id) => ({ id, grace }));
      for (const answer of await this.remove(removals, context)) passesOver(answer);
    }
  }

  async watch(listener: ChangeListener, { onError }: WatchContext): Promise<Watch> {
    return watchChannel(
      (subscriber) => subscribe(this.#source, this.#writing, this.#channel, subscriber),
      listener,
      onError,
    );
  }

  get expiryUncertainty(): number {
    const known = this.#clock.uncertainty / 2 + 1;
    return this.#isCluster ? Math.max(known, betweenNodes) : known;
  }

  /** Refusals by the server's state and broken connections pass; what somebody has to mend does not. */
  isTransient(error: unknown): boolean {
    return error instanceof RedisFailure && error.transient;
  }

  async *#scanIds({ signal }: CallContext): AsyncGenerator<readonly string[]> {
    const scan = this.#isCluster ? scanCluster : scanServer;
    for await (const keys of scan(this.#connection, signal, this.#prefix)) {
      yield [...new Set(keys)].map((key) => key.slice(this.#prefix.length));
    }
  }

  #change(scripts: Announced<WritingScript>, context: CallContext, items: () => readonly ScriptItem[]) {
    const { alone, replicated } = announces(context) ? scripts.announcing : scripts.silent;
    const target = { ...this.#target(context), connection: this.#writing, replicas: this.#replicas };
    return callScript(target, context.signal, this.#replicas === 0 ? alone : replicated, items);
  }

  #target(context: CallContext) {
    const channel = announces(context) ? this.#channel : undefined;
    return { clock: this.#clock, isCluster: this.#isCluster, channel };
  }

  #answer(reply: Reply): readonly unknown[] {
    if (Array.isArray(reply)) return reply;
    return ['error', reply];
  }

  #itemError([failure]: readonly unknown[]): ItemError {
    return itemError(failure, this.#isCluster);
  }
}

const written: WriteAnswer = Object.freeze({ status: 'written' });
const touched: TouchAnswer = Object.freeze({ status: 'touched' });
const removed: RemoveAnswer = Object.freeze({ status: 'removed' });

/** Ms by which the clocks of the nodes of a Cluster may differ from the one that spoke last. */
const betweenNodes = 1_000;

function announces({ announceAs }: CallContext): boolean {
  return announceAs !== undefined;
}

/** The further argument of a script that announces. */
function told(id: string, { announceAs }: CallContext): string[] {
  return announceAs === undefined ? [] : [announcement(recordName(id), announceAs)];
}

/**
 * Whether what a scan met is a key of another type under our prefix, which is not a session.
 *
 * @throws RedisFailure if it failed otherwise: the scan would be incomplete.
 */
function passesOver(answer: SessionRecord | RemoveAnswer): answer is ItemError {
  if (!('status' in answer) || answer.status !== 'error') return false;
  if (answer.error instanceof RedisFailure && answer.error.kind === 'WRONGTYPE') return true;
  throw answer.error;
}

/** An expiry counts from the call, and the call may have waited for a connection. In ms, -1 for ever; 1 if exact. */
function stopwatch(): (expiry: Expiry) => [milliseconds: string, exact: '0' | '1'] {
  const calledAt = performance.now();
  return ({ in: milliseconds, exact }) => {
    const left = Math.ceil(milliseconds - (performance.now() - calledAt));
    return [Number.isSafeInteger(left) ? `${Math.max(0, left)}` : '-1', exact ? '1' : '0'];
  };
}
