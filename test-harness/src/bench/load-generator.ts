import { closedLoop } from './closed-loop.js';
import type { Measurement } from './contestant.js';
import { Connection } from './http-connection.js';

// The process that puts load on an application, so that the application's process does nothing but serve.

export interface Requests {
  readonly port: number;
  readonly connections: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The `Cookie` header of each visitor, each used by one request at a time. */
  readonly cookies: readonly string[];
  /** Ms to go on for; `undefined`: one request a visitor. */
  readonly milliseconds: number | undefined;
}

/** `cookies`: what the responses set, in no order. */
export type Responses =
  | { readonly failure: string }
  | { readonly measurement: Measurement & { readonly count: number }; readonly cookies: readonly string[] };

async function send(requests: Requests): Promise<Responses> {
  const { port, connections: count, method, path, cookies, milliseconds } = requests;
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  const idle = [...connections];
  const end = performance.now() + (milliseconds ?? Number.POSITIVE_INFINITY);
  const texts = cookies.map(
    (cookie) => `${method} ${path} HTTP/1.1\r\nHost: bench\r\nCookie: ${cookie}\r\nContent-Length: 0\r\n\r\n`,
  );
  const set: string[] = [];
  try {
    const measurement = await closedLoop(
      count,
      (started) => (milliseconds === undefined ? started < texts.length : performance.now() < end),
      (index, done) => {
        const connection = idle.pop() as Connection;
        connection.send(texts[index % texts.length] as string, (error, response) => {
          idle.push(connection);
          if (response?.setCookie !== undefined) set.push(response.setCookie);
          done(
            error ??
              (response?.status === 200
                ? undefined
                : new Error(`${method} ${path} answered ${response?.status}`)),
          );
        });
      },
    );
    return { measurement, cookies: set };
  } finally {
    for (const connection of connections) connection.close();
  }
}

process.on('message', async (requests: Requests) => {
  let responses: Responses;
  try {
    responses = await send(requests);
  } catch (error) {
    responses = { failure: error instanceof Error ? (error.stack ?? error.message) : `${error}` };
  }
  process.send?.(responses);
});
process.on('disconnect', () => process.exit());
