import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Response {
  readonly status: number;
  /** Name and value of the cookie that it sets, if it sets one. */
  readonly setCookie: string | undefined;
}

type Answered = (error: Error | undefined, response?: Response) => void;

/**
 * A connection to an application that answers with a `Content-Length`, one request after the other. Node's own client costs
 * more processor time than the server that is to be measured.
 */
export class Connection {
  readonly #socket: Socket;
  #received = '';
  #answered: Answered | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#settle(error));
    socket.on('close', () => this.#settle(new Error('the application closed the connection')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends a whole request. */
  send(text: string, answered: Answered): void {
    this.#answered = answered;
    this.#socket.write(text, 'latin1');
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) {
      this.#settle(new Error('the application answered without a Content-Length'));
      return;
    }
    if (this.#received.length < headEnd + 4 + length) return;
    this.#received = this.#received.slice(headEnd + 4 + length);
    const setCookie = /\r\nset-cookie: ([^;\r\n]*)/i.exec(head)?.[1];
    this.#settle(undefined, { status: Number(head.slice(9, 12)), setCookie });
  }

  #settle(error: Error | undefined, response?: Response): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(error, response);
  }
}
