import { connect } from 'node:net';

/** A reply of a Redis; an error reply inside a list is an `Error`. */
export type RedisReply = string | number | null | Error | readonly RedisReply[];

/** Ms: a server on this machine that takes longer is not there. */
const patience = 1_000;

/**
 * Puts one question to the Redis on this port of 127.0.0.1, on a connection of its own.
 *
 * @throws Error with the server's words if it answers an error, or if there is no answer within a second.
 */
export function askRedis(port: number, ...command: readonly string[]): Promise<RedisReply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (work: () => void) => {
      socket.destroy();
      work();
    };
    let received = Buffer.alloc(0);
    socket.setTimeout(patience, () => settle(() => reject(new Error(`no answer on port ${port}`))));
    socket.once('connect', () => socket.write(encode(command)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const parsed = parse(received, 0);
      if (parsed === undefined) return;
      const [reply] = parsed;
      settle(() => (reply instanceof Error ? reject(reply) : resolve(reply)));
    });
    socket.once('error', (error) => settle(() => reject(error)));
    socket.once('close', () => reject(new Error(`the connection to port ${port} closed`)));
  });
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${parts.join('')}`;
}

/** The reply that begins at `start` and where it ends; `undefined` while it is not complete. */
function parse(text: Buffer, start: number): [reply: RedisReply, end: number] | undefined {
  const lineEnd = text.indexOf('\r\n', start);
  if (lineEnd < 0) return undefined;
  const line = text.toString('utf8', start + 1, lineEnd);
  const next = lineEnd + 2;
  switch (String.fromCharCode(text[start] as number)) {
    case '-':
      return [new Error(line), next];
    case ':':
      return [Number(line), next];
    case '$':
      return parseBulk(text, Number(line), next);
    case '*':
      return parseList(text, Number(line), next);
    default:
      return [line, next];
  }
}

function parseBulk(text: Buffer, length: number, start: number): [RedisReply, number] | undefined {
  if (length < 0) return [null, start];
  const end = start + length;
  return text.length < end + 2 ? undefined : [text.toString('utf8', start, end), end + 2];
}

function parseList(text: Buffer, length: number, start: number): [RedisReply, number] | undefined {
  const list: RedisReply[] = [];
  let end = start;
  while (list.length < length) {
    const parsed = parse(text, end);
    if (parsed === undefined) return undefined;
    list.push(parsed[0]);
    end = parsed[1];
  }
  return [list, end];
}
