import { inspect } from 'node:util';
import { MongoClient, MongoServerError } from 'mongodb';
import { afterEach, describe, expect, it } from 'vitest';
import { opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { startOwnMongo } from '../../../test-harness/src/servers/mongo.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend, MongoFailure } from '../src/index.js';
import { driverFailure, wasUnsent } from '../src/mongo-failure.js';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function failureOf(call: Promise<readonly unknown[]>): Promise<MongoFailure> {
  const failure = await call.then(
    (answers) => (answers[0] as { error?: unknown } | undefined)?.error ?? expect.fail('succeeded'),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(MongoFailure);
  return failure as MongoFailure;
}

describe('an error of the driver', () => {
  const secret = 'the-id-of-a-session';

  const replied = (code: number, codeName: string, labels: string[] = []) => {
    const error = new MongoServerError({
      code,
      codeName,
      errmsg: `E: { q: { _id: "${secret}" } }`,
      keyValue: { _id: secret },
      errorLabels: labels,
    });
    return error;
  };

  for (const [code, codeName, kind, transient] of [
    [10107, 'NotWritablePrimary', 'NOT_PRIMARY', true],
    [189, 'PrimarySteppedDown', 'NOT_PRIMARY', true],
    [11600, 'InterruptedAtShutdown', 'NOT_PRIMARY', true],
    [91, 'ShutdownInProgress', 'NOT_PRIMARY', true],
    [13435, 'NotPrimaryNoSecondaryOk', 'NOT_PRIMARY', true],
    [6, 'HostUnreachable', 'CONNECTION', true],
    [112, 'WriteConflict', 'BUSY', true],
    [50, 'MaxTimeMSExpired', 'BUSY', true],
    [13, 'Unauthorized', 'ACCESS', false],
    [18, 'AuthenticationFailed', 'ACCESS', false],
    [17419, 'Location17419', 'TOO_LARGE', false],
    [121, 'DocumentValidationFailure', 'REPLY', false],
    [11000, 'DuplicateKey', 'REPLY', false],
  ] as const) {
    it(`${codeName} is ${kind}, which ${transient ? 'passes' : 'needs somebody'}`, () => {
      const failure = driverFailure(replied(code, codeName));
      expect(failure).toMatchObject({ kind, transient, serverCode: code });
      expect(failure.message).toContain(codeName);
    });
  }

  it('that has a label which says that it passes does, whatever its code', () => {
    expect(driverFailure(replied(7777, 'New', ['RetryableWriteError']))).toMatchObject({ transient: true });
    expect(driverFailure(replied(7777, 'New', ['SystemOverloadedError']))).toMatchObject({ kind: 'BUSY' });
    expect(driverFailure(replied(7777, 'New'))).toMatchObject({ kind: 'REPLY', transient: false });
  });

  it('gives away neither ids nor documents', () => {
    for (const code of [11000, 13, 121, 10107]) {
      expect(inspect(driverFailure(replied(code, 'Some')), { showHidden: true, depth: 9 })).not.toContain(
        secret,
      );
    }
    expect(inspect(driverFailure(new TypeError(`no ${secret}`)), { showHidden: true })).not.toContain(secret);
    const network = Object.assign(new Error('mongodb://me:pass@host failed'), { name: 'MongoNetworkError' });
    expect(driverFailure(network).message).toBe('mongodb://host failed');
  });

  it('of a bug is no failure that passes', () => {
    for (const thrown of [new TypeError('x'), undefined, 'text', {}]) {
      expect(driverFailure(thrown)).toMatchObject({ kind: 'CLIENT', transient: false });
      expect(wasUnsent(thrown)).toBe(false);
    }
  });
});

describeWithServer('mongo', 'a server that refuses', (url) => {
  it('a name that it does not take: an error of each call, with its code', async () => {
    // Too long for MongoDB (255 bytes, the database included) and for FerretDB.
    const backend = new MongoBackend({
      url,
      database: 'session_stores_failures',
      collection: 'x'.repeat(300),
    });
    ends.push(() => backend.close());
    expect(await failureOf(backend.write([sample()], within()))).toMatchObject({
      kind: 'REPLY',
      transient: false,
    });
  });

  it('nobody to authenticate: fails for good, and the password is not in the error', async () => {
    const address = new URL(url);
    address.username = 'nobody';
    address.password = 'secret-word';
    const backend = new MongoBackend({ url: address.href, database: 'session_stores_failures' });
    ends.push(() => backend.close());
    const failure = await failureOf(backend.read(['a'], within()));
    expect(failure.transient).toBe(false);
    expect(inspect(failure, { showHidden: true })).not.toContain('secret-word');
  });
});

describeWithServer('mongod-binary', 'a mongod with access control', (path) => {
  async function guarded(): Promise<{ admin: MongoClient; urlOf(user: string): string }> {
    const server = await startOwnMongo({ kind: 'mongod', path }, ['--auth']);
    ends.push(() => server.stop());
    // The first user may be made by whoever comes from the same machine.
    const first = new MongoClient(server.url);
    const root = { createUser: 'root', pwd: 'pw', roles: ['root'] };
    await first.db('admin').command(root);
    await first.close();
    const urlOf = (user: string) => `mongodb://${user}:pw@127.0.0.1:${server.port}/?authSource=admin`;
    const admin = new MongoClient(urlOf('root'));
    ends.push(() => admin.close());
    return { admin, urlOf };
  }

  async function userWith(admin: MongoClient, name: string, actions: readonly string[]): Promise<void> {
    const resource = { db: 'app', collection: 'sessions' };
    const role = { createRole: name, privileges: [{ resource, actions }], roles: [] };
    await admin.db('admin').command(role);
    await admin.db('admin').command({ createUser: name, pwd: 'pw', roles: [name] });
  }

  it('a user who may not create an index: the store works, sweeps by itself and says what to do', async () => {
    const { admin, urlOf } = await guarded();
    await userWith(admin, 'app', ['find', 'insert', 'update', 'remove']);
    const [backend, reported] = await opened(new MongoBackend({ url: urlOf('app'), database: 'app' }));
    ends.push(() => backend.close());
    expect(reported).toMatchObject([{ kind: 'INDEX', transient: false }]);
    expect(String(reported[0])).toContain('createIndex');
    expect(backend.prune).toBeTypeOf('function');
    const write = sample({ expiry: { in: 1, exact: true } });
    expect(await backend.write([write], within())).toEqual([{ status: 'written' }]);
    await expect.poll(() => backend.prune?.(10, within())).toBe(1);
  });

  it('… and may see that somebody else has created it: no complaint', async () => {
    const { admin, urlOf } = await guarded();
    await userWith(admin, 'app', ['find', 'insert', 'update', 'remove', 'listIndexes']);
    await admin.db('app').collection('sessions').createIndex({ expires: 1 }, { expireAfterSeconds: 0 });
    const [backend, reported] = await opened(new MongoBackend({ url: urlOf('app'), database: 'app' }));
    ends.push(() => backend.close());
    expect(reported).toEqual([]);
    expect(backend.prune).toBeUndefined();
  });

  it('a user who may only read: each write is an error that needs somebody, and gives away no id', async () => {
    const { admin, urlOf } = await guarded();
    await userWith(admin, 'reader', ['find']);
    const [backend] = await opened(new MongoBackend({ url: urlOf('reader'), database: 'app' }));
    ends.push(() => backend.close());
    const write = sample({ id: 'the-id-of-a-session' });
    const failure = await failureOf(backend.write([write], within()));
    expect(failure).toMatchObject({ kind: 'ACCESS', transient: false });
    expect(inspect(failure, { showHidden: true, depth: 9 })).not.toContain('the-id');
    expect(await backend.read(['a'], within())).toEqual([undefined]);
  });

  it('a wrong password: fails at once and for good', async () => {
    const { urlOf } = await guarded();
    const backend = new MongoBackend({ url: urlOf('root').replace(':pw@', ':wrong@') });
    ends.push(() => backend.close());
    const started = performance.now();
    const failure = await failureOf(backend.read(['a'], within(10_000)));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(failure).toMatchObject({ kind: 'ACCESS', transient: false, serverCode: 18 });
    expect(inspect(failure, { showHidden: true })).not.toContain('wrong');
  });
});
