import { connect, type Socket } from 'node:net';
import type { Address } from '../suite/subject.js';
import type { FaultMode } from './fault-proxy.js';
import { Flow } from './flow.js';
import type { Hold, Holder } from './hold.js';

/** What a link has to obey at the moment. */
export interface Rules {
  readonly upstream: Address;
  readonly mode: FaultMode;
  /** Ms. */
  readonly delay: number;
  readonly duplicateAfter: number | undefined;
  readonly hold: Hold | undefined;
  readonly replyHold: Hold | undefined;
  /** Whether the chunk that is about to go to the server is lost, and if so, before or after the server has it. */
  loses(): 'before' | 'after' | undefined;
}

/** One client's connection and the connection to the server that stands behind it. */
export class Link implements Holder {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #rules: Rules;
  readonly #toServer: Flow;
  readonly #toClient: Flow;
  readonly #shadow: Flow | undefined;
  readonly #shadowSocket: Socket | undefined;
  readonly #onGone: () => void;
  #silent = false;
  #holdsReplies = false;
  #holding: 'no' | 'held' | 'released' = 'no';

  constructor(client: Socket, rules: Rules, onGone: () => void) {
    this.#client = client;
    this.#rules = rules;
    this.#onGone = onGone;
    this.#upstream = this.#connect();
    this.#toServer = new Flow({
      isOpen: () => (this.#holding === 'no' ? this.#moves : this.#holding === 'released'),
      delay: () => rules.delay,
      deliver: (chunk) => this.#deliverToServer(chunk),
      deliverEnd: () => this.#upstream.end(),
    });
    this.#toClient = new Flow({
      isOpen: () => this.#moves && !this.#holdsReplies,
      delay: () => rules.delay,
      deliver: (chunk) => this.#deliverToClient(chunk),
      deliverEnd: () => client.end(),
    });
    const { duplicateAfter } = rules;
    if (duplicateAfter !== undefined) {
      const socket = this.#connect();
      socket.resume();
      this.#shadowSocket = socket;
      this.#shadow = new Flow({
        isOpen: () => true,
        delay: () => duplicateAfter,
        deliver: (chunk) => socket.write(chunk),
        deliverEnd: () => socket.end(),
      });
    }
    this.#listen();
  }

  /** Whether the client's side is open. */
  get isOpen(): boolean {
    return !this.#client.destroyed;
  }

  get held(): number {
    return this.#holding === 'held' ? this.#toServer.waiting : 0;
  }

  pump(): void {
    this.#toServer.pump();
    this.#toClient.pump();
  }

  silence(): void {
    this.#silent = true;
  }

  /** The client sees a reset; the server sees its connection end, but what is held for it stays held. */
  reset(): void {
    this.#client.resetAndDestroy();
    this.#toClient.stop();
    if (this.held > 0) this.#toServer.end();
    else {
      this.#toServer.stop();
      this.#upstream.destroy();
      this.#shadow?.end();
    }
  }

  async release(): Promise<void> {
    if (this.held === 0 || this.#upstream.destroyed) return;
    const clientIsGone = this.#client.destroyed;
    const reaction = new Promise<void>((resolve) => {
      this.#upstream.once('close', resolve);
      if (!clientIsGone) this.#upstream.once('data', () => resolve());
    });
    this.#holding = 'released';
    this.#toServer.pump();
    await reaction;
  }

  destroy(): void {
    this.#toServer.stop();
    this.#toClient.stop();
    this.#shadow?.stop();
    this.#client.destroy();
    this.#upstream.destroy();
    this.#shadowSocket?.destroy();
  }

  get #moves(): boolean {
    return !this.#silent && this.#rules.mode !== 'hang';
  }

  #listen(): void {
    this.#client.on('error', () => {});
    this.#client.on('data', (chunk: Buffer) => {
      this.#holdIfAsked();
      this.#toServer.push(chunk);
    });
    this.#client.on('end', () => this.#toServer.end());
    this.#client.on('close', () => {
      this.#toServer.end();
      this.#forgetIfGone();
    });
    this.#upstream.on('data', (chunk: Buffer) => {
      this.#holdReplyIfAsked();
      this.#toClient.push(chunk);
    });
    this.#upstream.on('end', () => this.#toClient.end());
    this.#upstream.on('close', (failed: boolean) => {
      this.#shadow?.end();
      if (failed && this.#moves) this.#client.resetAndDestroy();
      else this.#toClient.end();
      this.#forgetIfGone();
    });
    this.#shadowSocket?.on('close', () => this.#forgetIfGone());
  }

  #holdIfAsked(): void {
    const { hold } = this.#rules;
    if (hold === undefined || this.#holding !== 'no') return;
    this.#holding = 'held';
    hold.add(this);
  }

  #holdReplyIfAsked(): void {
    const { replyHold } = this.#rules;
    if (replyHold === undefined || this.#holdsReplies) return;
    this.#holdsReplies = true;
    const flow = this.#toClient;
    replyHold.add({
      get held() {
        return flow.waiting;
      },
      release: async () => {
        this.#holdsReplies = false;
        flow.pump();
      },
    });
  }

  #deliverToServer(chunk: Buffer): void {
    if (this.#upstream.destroyed || this.#upstream.writableEnded) {
      // As a server's kernel answers bytes for a connection that it has closed.
      this.#client.resetAndDestroy();
      return;
    }
    const lost = this.#holding === 'no' ? this.#rules.loses() : undefined;
    if (lost === 'before') {
      this.reset();
      return;
    }
    this.#upstream.write(chunk);
    this.#shadow?.push(chunk);
    if (this.#holding === 'released' && this.isOpen && this.#toServer.waiting === 0) this.#holding = 'no';
    if (lost === 'after') this.#cut();
  }

  #deliverToClient(chunk: Buffer): void {
    if (this.#rules.mode === 'cutReplies') this.#cut();
    else if (!this.#client.destroyed) this.#client.write(chunk);
  }

  /** The client sees a reset; the server gets all that was sent to it, and then the end. */
  #cut(): void {
    this.#toClient.stop();
    this.#client.resetAndDestroy();
    this.#toServer.end();
  }

  #connect(): Socket {
    const { host, port } = this.#rules.upstream;
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    socket.on('error', () => {});
    return socket;
  }

  #forgetIfGone(): void {
    const open = [this.#client, this.#upstream, this.#shadowSocket].some(
      (socket) => socket?.destroyed === false,
    );
    if (!open) this.#onGone();
  }
}
