import { type IncomingMessage, request } from 'node:http';
import { cookieName } from './application.js';
import type { ApplicationProcess } from './application-handle.js';
import type { Clock } from './clock.js';
import type { Violations } from './violations.js';

/** What came back for one request. */
export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of application.ts; whoever asks knows which
  readonly body: any;
  /** `name=value` of the session cookie, if one was set. */
  readonly cookie: string | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly cookie?: string | undefined;
  readonly body?: unknown;
}

/** Ms in which a process that has died is known to have. */
const untilDeathIsKnown = 2_000;

/** Sends the requests of all users, and counts them. */
export class Caller {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #violations: Violations;
  sent = 0;
  answered = 0;
  /** Answers that the store could not be reached. */
  refused = 0;
  /** Requests to processes that were killed before they had answered. */
  cutOff = 0;
  slowest = 0;

  /** `limit`: ms within which a request has to be answered. */
  constructor(limit: number, clock: Clock, violations: Violations) {
    this.#limit = limit;
    this.#clock = clock;
    this.#violations = violations;
  }

  /** Resolves to `undefined` where there is no answer. */
  async send(process: ApplicationProcess, call: Call): Promise<Reply | undefined> {
    this.sent += 1;
    const sentAt = this.#clock.now;
    try {
      const reply = await exchange(process, call, this.#limit);
      this.answered += 1;
      if (reply.status >= 500) this.refused += 1;
      this.slowest = Math.max(this.slowest, this.#clock.now - sentAt);
      return reply;
    } catch (error) {
      if (await isGone(process)) {
        this.cutOff += 1;
      } else {
        const { method, path } = call;
        const waited = Math.round(this.#clock.now - sentAt);
        this.#violations.count(
          'unanswered',
          () => `${method} ${path} to ${process.name}, after ${waited} ms: ${(error as Error).message}`,
        );
      }
      return undefined;
    }
  }
}

async function isGone(process: ApplicationProcess): Promise<boolean> {
  if (process.isGone) return true;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, untilDeathIsKnown);
  });
  await Promise.race([process.ended, limit]);
  clearTimeout(timer);
  return process.isGone;
}

function exchange({ port, agent }: ApplicationProcess, call: Call, limit: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { method, path, cookie, body } = call;
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers: Record<string, string | number> = { 'content-length': Buffer.byteLength(text) };
    if (cookie !== undefined) headers.cookie = cookie;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const sending = request({ host: '127.0.0.1', port, agent, method, path, headers });
    const timer = setTimeout(() => sending.destroy(new Error(`no answer within ${limit} ms`)), limit);
    sending.once('close', () => clearTimeout(timer));
    sending.on('error', reject);
    sending.once('response', (response) => receive(response).then(resolve, reject));
    sending.end(text);
  });
}

async function receive(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const lines = response.headers['set-cookie'] ?? [];
  const line = lines.find((each) => each.startsWith(`${cookieName}=`));
  return {
    status: response.statusCode ?? 0,
    body: JSON.parse(Buffer.concat(chunks).toString()),
    cookie: line?.split(';', 1)[0],
  };
}
