import { connect } from 'node:net';

const opMsg = 2013;
/** The document { ping: 1, $db: 'admin' } in BSON, without its length. */
const ping = Buffer.concat([
  Buffer.from('\x10ping\0\x01\0\0\0', 'latin1'),
  Buffer.from('\x02$db\0\x06\0\0\0admin\0', 'latin1'),
  Buffer.from([0]),
]);
/** { ok: 1 } as a double, which is how servers say it. */
const ok = Buffer.concat([Buffer.from('\x01ok\0', 'latin1'), Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f])]);

/** Whether a server of the MongoDB protocol answers on this port of `host`, asked without a driver. */
export function answersPing(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 2_000 });
    let reply = Buffer.alloc(0);
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write(message()));
    socket.on('data', (part) => {
      reply = Buffer.concat([reply, part]);
      if (reply.length >= 4 && reply.length >= reply.readInt32LE(0)) settle(reply.includes(ok));
    });
    for (const event of ['error', 'close', 'timeout']) socket.once(event, () => settle(false));
  });
}

/** Header (length, request id, response to, opcode), flags, one section of kind 0 with the document. */
function message(): Buffer {
  const documentLength = 4 + ping.length;
  const length = 16 + 4 + 1 + documentLength;
  const head = Buffer.alloc(25);
  for (const [index, value] of [length, 1, 0, opMsg, 0].entries()) head.writeInt32LE(value, index * 4);
  head.writeInt32LE(documentLength, 21);
  return Buffer.concat([head, ping]);
}
