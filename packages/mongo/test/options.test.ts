import { InvalidOptionError } from '@session-stores/core';
import { MongoClient } from 'mongodb';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type MongoClientLike,
  MongoStore,
  type MongoStoreOptions,
  RetryingMongoStore,
} from '../src/index.js';

const url = 'mongodb://127.0.0.1:1/';
const client = new MongoClient(url);

describe('the options of MongoStore', () => {
  const wrong: Record<string, unknown> = {
    'no options': undefined,
    'neither client nor url': {},
    'client and url': { client, url },
    'a client that is null': { client: null },
    'a client that is a string': { client: url },
    'a database for a client': { client: client.db() },
    'a collection for a client': { client: client.db().collection('sessions') },
    'a url of another kind': { url: 'http://127.0.0.1' },
    'a url that is no url': { url: 'mongodb://127.0.0.1:notaport' },
    'a url that is no string': { url: new URL(url) },
    'a url with an option that the driver does not know': { url: `${url}?retries=3` },
    'a database that is no string': { client, database: 1 },
    'a database without a name': { client, database: '' },
    'a database whose name has a dot': { client, database: 'a.b' },
    'a collection that is no string': { client, collection: /s/ },
    'a collection without a name': { client, collection: '' },
    'a collection whose name has a dollar': { client, collection: 'a$b' },
    "a collection of the server's own": { client, collection: 'system.users' },
    'a collection with half a character': { client, collection: '\ud800' },
    'a write concern that confirms nothing': { client, writeConcern: { w: 0 } },
    'a write concern of half a server': { client, writeConcern: { w: 1.5 } },
    'a write concern that is no object': { client, writeConcern: 'majority' },
    'a journal that is no boolean': { client, writeConcern: { journal: 1 } },
    'an option that nobody knows': { client, ttl: 60 },
  };
  for (const [what, options] of Object.entries(wrong)) {
    it(`refuse ${what} in the constructor`, () => {
      expect(() => new MongoStore(options as MongoStoreOptions)).toThrow(InvalidOptionError);
      expect(() => new RetryingMongoStore(options as MongoStoreOptions)).toThrow(InvalidOptionError);
    });
  }

  it('never repeat a password from a wrong url', () => {
    expect(() => new MongoStore({ url: 'mongodb://me:secret@host:x/' })).toThrow(/^(?!.*secret)/s);
  });

  it('are typed', () => {
    expectTypeOf<MongoClient>().toExtend<MongoClientLike>();
    expectTypeOf<ConstructorParameters<typeof RetryingMongoStore>>().toEqualTypeOf<[MongoStoreOptions]>();
    expectTypeOf<{
      client: MongoClient;
      collection: string;
      operationTimeout: number;
    }>().toExtend<MongoStoreOptions>();
    expectTypeOf<{ client: Promise<MongoClient> }>().toExtend<MongoStoreOptions>();
    expectTypeOf<{
      url: string;
      writeConcern: { w: 'majority'; journal: true };
    }>().toExtend<MongoStoreOptions>();
    expectTypeOf<{ client: string }>().not.toExtend<MongoStoreOptions>();
  });
});
