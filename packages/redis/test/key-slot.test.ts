import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../test-harness/src/servers/free-port.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { keySlot } from '../src/key-slot.js';

describeWithServer('redis-server', 'the slot of a key', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    const busPort = `${await freePort()}`;
    server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', busPort] });
    client = new Redis(server.port);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  it('is the one that the server finds', async () => {
    const braces = ['{a}b', 'b{a}', '{}a', 'a{}{b}', '{a', 'a}', '}{a}', '{{a}}', '{a}{b}', '{ü}', '{a\0}'];
    const others = [
      '',
      'a',
      'sess:ü😀',
      '\n',
      '123456789',
      ...Array.from({ length: 200 }, (_, i) => `sess:${i * 7_919}`),
    ];
    for (const key of [...braces, ...others]) {
      expect(keySlot(key), JSON.stringify(key)).toBe(await client.cluster('KEYSLOT', key));
    }
  });
});
