import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { createClient as createClient5 } from 'redis-5';
import { announcing } from '../../../test-harness/src/own-tests/announcing.js';
import { nodeRedis6 } from './applications.js';
import { contractOn, onOneServer } from './contract-on.js';

onOneServer((port) => {
  const admin = () => new Redis(port());
  const url = () => `redis://127.0.0.1:${port()}`;
  contractOn(
    'RedisBackend on node-redis, announcing',
    () => nodeRedis6({ port: port() }).client,
    admin,
    announcing,
  );
  contractOn('RedisBackend on node-redis, RESP 2', () => createClient({ url: url(), RESP: 2 }), admin);
  contractOn('RedisBackend on node-redis 5', () => createClient5({ url: url() }), admin);
  contractOn('RedisBackend on node-redis 5, RESP 3', () => createClient5({ url: url(), RESP: 3 }), admin);
});
