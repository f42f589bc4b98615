import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../servers/free-port.js';
import type { Address } from '../suite/subject.js';
import { Hold } from './hold.js';
import { Link, type Rules } from './link.js';

/**
 * What happens to the connections through a `FaultProxy`:
 * - `pass`: nothing.
 * - `refuse`: existing connections are reset, new ones are refused (nobody listens).
 * - `reset`: existing and new connections are reset at once.
 * - `hang`: connections stay and new ones are accepted, and no byte moves in either direction. When it ends, what was
 *   sent meanwhile goes on, as after any outage that TCP survives, even if the client has closed in between.
 * - `silence`: the connections that exist now never move a byte again, whatever mode follows; new ones work.
 * - `cutReplies`: requests reach the server, its replies are thrown away and the connection is reset instead.
 */
export type FaultMode = 'pass' | 'refuse' | 'reset' | 'hang' | 'silence' | 'cutReplies';

/** Traffic that does not reach its receiver before somebody says so. */
interface Held {
  /** Chunks held now. */
  readonly held: number;
  /** Resolves when the first chunk is held. */
  readonly firstHeld: Promise<void>;
  /** Holds nothing more: what is held stays held, and so does what follows it on its connection; all else passes. */
  stop(): void;
}

/** Requests that do not reach the server before somebody says so. */
export interface HeldRequests extends Held {
  /**
   * Stops, and sends on what is held, although the client may be gone. Resolves when the server has answered each
   * connection (or has closed it, where the client is gone), after one second at the latest.
   */
  release(): Promise<void>;
}

/** Replies that do not reach the client before somebody says so. */
export interface HeldReplies extends Held {
  /** Stops, and sends on what is held, if its client is still there. */
  release(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 before a real server that does to the traffic what networks do. */
export interface FaultProxy {
  readonly address: Address;
  /** Resolves when the mode is in force for every connection. */
  setMode(mode: FaultMode): Promise<void>;
  /** Delays every byte by so many ms in each direction; 0 ends it. */
  setDelay(milliseconds: number): void;
  /**
   * Each chunk from the client: with this probability the connection is reset before (or, evenly, after) the server has
   * it. 0 ends it. `random` answers like `Math.random`, first whether the chunk is lost, then when (before below 0.5).
   */
  setLoss(probability: number, random?: () => number): void;
  /**
   * Holds what clients send from now on, on all connections; `release` sends it on although the client may be gone, and
   * although the mode is another by then. This is how a request arrives late: after its client gave up, or after it was
   * sent again.
   */
  holdRequests(): HeldRequests;
  /**
   * Holds what the server answers from now on, on all connections: the requests have had their effect, and nobody knows.
   * The end of a connection waits behind what is held on it, unless the proxy cuts it.
   */
  holdReplies(): HeldReplies;
  /**
   * Sends each request chunk of new connections again, on a connection of its own (one for each client connection), so
   * many ms later; `undefined` ends it for connections to come.
   */
  duplicateRequests(milliseconds: number | undefined): void;
  /** Connections of clients open now. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Ms. */
const portLimit = 5_000;

/** Puts a proxy before `upstream`. Its port stays the same as long as it lives, also while it refuses. */
export async function startFaultProxy(upstream: Address): Promise<FaultProxy> {
  const proxy = new TcpFaultProxy(upstream, { host: '127.0.0.1', port: await freePort() });
  await proxy.listen();
  return proxy;
}

class TcpFaultProxy implements FaultProxy, Rules {
  readonly upstream: Address;
  readonly address: Address;
  mode: FaultMode = 'pass';
  delay = 0;
  duplicateAfter: number | undefined;
  hold: Hold | undefined;
  replyHold: Hold | undefined;
  #probability = 0;
  #random: () => number = Math.random;
  #server: Server | undefined;
  readonly #links = new Set<Link>();
  /** Changes of mode happen one after another: listening takes its time. */
  #change: Promise<void> = Promise.resolve();

  constructor(upstream: Address, address: Address) {
    this.upstream = upstream;
    this.address = address;
  }

  get connections(): number {
    return [...this.#links].filter((link) => link.isOpen).length;
  }

  setMode(mode: FaultMode): Promise<void> {
    return this.#inOrder(async () => {
      this.mode = mode;
      if (mode === 'refuse') await this.#stopListening();
      for (const link of this.#links) {
        if (mode === 'refuse' || mode === 'reset') link.reset();
        else if (mode === 'silence') link.silence();
        else link.pump();
      }
      if (mode !== 'refuse') await this.listen();
    });
  }

  setDelay(milliseconds: number): void {
    this.delay = milliseconds;
  }

  setLoss(probability: number, random: () => number = Math.random): void {
    this.#probability = probability;
    this.#random = random;
  }

  loses(): 'before' | 'after' | undefined {
    if (this.#probability === 0 || this.#random() >= this.#probability) return undefined;
    return this.#random() < 0.5 ? 'before' : 'after';
  }

  holdRequests(): HeldRequests {
    const hold = new Hold(() => {
      if (this.hold === hold) this.hold = undefined;
    });
    this.hold = hold;
    return hold;
  }

  holdReplies(): HeldReplies {
    const hold = new Hold(() => {
      if (this.replyHold === hold) this.replyHold = undefined;
    });
    this.replyHold = hold;
    return hold;
  }

  duplicateRequests(milliseconds: number | undefined): void {
    this.duplicateAfter = milliseconds;
  }

  close(): Promise<void> {
    return this.#inOrder(async () => {
      for (const link of this.#links) link.destroy();
      await this.#stopListening();
      for (const link of this.#links) link.destroy();
    });
  }

  async listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    await this.#takePort(server);
    this.#server = server;
  }

  /**
   * A process that some thread of ours is just starting has copies of all our sockets until it executes its program, and
   * so holds a port on which we have already stopped to listen.
   */
  async #takePort(server: Server): Promise<void> {
    const end = performance.now() + portLimit;
    for (;;) {
      server.listen(this.address.port, this.address.host);
      try {
        await once(server, 'listening');
        return;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EADDRINUSE' || performance.now() > end) throw error;
      }
      await delay(20);
    }
  }

  #accept(client: Socket): void {
    if (this.mode === 'reset' || this.mode === 'refuse') {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const link = new Link(client, this, () => this.#links.delete(link));
    this.#links.add(link);
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    // `close` calls back when the last connection has gone, so they go first.
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const link of this.#links) link.reset();
    await closed;
  }

  #inOrder(change: () => Promise<void>): Promise<void> {
    const done = this.#change.then(change);
    this.#change = done.catch(() => {});
    return done;
  }
}
