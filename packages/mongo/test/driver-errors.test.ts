import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { Connection } from '../src/connection.js';
import { ensureExpiryIndex } from '../src/expiry-index.js';
import { placeOf } from '../src/mongo-client.js';
import { driverFailure, replyFailure, wasUnsent } from '../src/mongo-failure.js';

const named = (name: string, more: object = {}) =>
  Object.assign(new Error('of mongodb://a:b@c'), { name, ...more });

describe('an error of the driver, by its name', () => {
  it.for([
    // [what, error, kind, transient, unsent]
    ['a network that broke', named('MongoNetworkError'), 'CONNECTION', true, false],
    ['no answer of the network', named('MongoNetworkTimeoutError'), 'CONNECTION', true, false],
    ['no connection yet', named('MongoNetworkError', { beforeHandshake: true }), 'CONNECTION', true, true],
    [
      'a handshake',
      named('MongoNetworkError', { errorLabels: ['HandshakeError'] }),
      'CONNECTION',
      true,
      true,
    ],
    ['no server', named('MongoServerSelectionError'), 'CONNECTION', true, false],
    ['a pool that was cleared', named('MongoPoolClearedError'), 'CONNECTION', true, true],
    ['a full pool', named('MongoWaitQueueTimeoutError'), 'CONNECTION', true, true],
    ['a connection that is cut', named('MongoPoolClearedOnNetworkError'), 'CONNECTION', true, false],
    ['a socket closed by the peer', named('Error', { code: 'EPIPE' }), 'CONNECTION', true, true],
    ['a socket that was reset', named('Error', { code: 'ECONNRESET' }), 'CONNECTION', true, false],
    ['the timeoutMS of the client', named('MongoOperationTimeoutError'), 'TIMEOUT', true, false],
    ['a client that was closed', named('MongoClientClosedError'), 'CLIENT', false, false],
    ['a client that is not connected', named('MongoNotConnectedError'), 'CLIENT', false, false],
    ['too few servers in time', named('MongoWriteConcernError', { code: 64 }), 'WRITE_CONCERN', true, false],
    ['too few servers at all', named('MongoWriteConcernError', { code: 100 }), 'WRITE_CONCERN', false, false],
    ['no such write concern', named('MongoWriteConcernError', { code: 79 }), 'WRITE_CONCERN', false, false],
  ] as const)('%s', ([, error, kind, transient, unsent]) => {
    expect(driverFailure(error)).toMatchObject({ kind, transient });
    expect(wasUnsent(error)).toBe(unsent);
  });
});

describe('the client of a url', () => {
  it.for([
    ['', 4_000],
    ['?connectTimeoutMS=9000', 9_000],
  ] as const)('with %j gives up a connection in time', async ([query, expected]) => {
    const client = await placeOf({ url: `mongodb://127.0.0.1:1/${query}` }).source.open();
    expect(client).toMatchObject({ options: { connectTimeoutMS: expected } });
    await client.close?.();
  });
});

describe('the TTL index', () => {
  it.for([
    ['the user may not', 13, [], 'INDEX'],
    ['another index is in the way', 85, [{ key: { expires: 1 } }], 'INDEX'],
    ['somebody has made it', 13, [{ key: { expires: 1 }, expireAfterSeconds: 0 }], undefined],
  ] as const)('where %s', async ([, code, firstBatch, kind]) => {
    class Refusing extends Connection {
      override async send<Reply>(_signal: AbortSignal, command: () => object): Promise<Reply> {
        if ('listIndexes' in command()) return { cursor: { firstBatch } } as Reply;
        throw replyFailure(code);
      }
    }
    const connection = new Refusing({ isOwn: false, open: () => expect.fail('opened') }, 'x');
    const { isOn, problem } = await ensureExpiryIndex(connection, 'sessions', within().signal);
    expect([isOn, problem?.kind]).toEqual([kind === undefined, kind]);
  });
});

it('an error that our client emits is reported', async () => {
  const client = Object.assign(new EventEmitter(), {
    connect: async () => {},
    db: () => ({ command: async () => ({}) }),
  });
  const connection = new Connection({ isOwn: true, open: async () => client }, 'x');
  const told: unknown[] = [];
  connection.onIdleError((error) => told.push(error));
  await connection.send(within().signal, () => ({ ping: 1 }));
  client.emit('error', new Error('x'));
  expect(told).toMatchObject([{ kind: 'CLIENT' }]);
});
