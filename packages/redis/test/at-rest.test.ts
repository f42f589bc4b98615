import { randomBytes, randomUUID } from 'node:crypto';
import { RedisStore, type RedisStoreOptions } from '@session-stores/redis';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { everyModeAtOnce } from '../../../test-harness/src/own-tests/at-rest-modes.js';
import { liveThrough, shown } from '../../../test-harness/src/own-tests/at-rest-traces.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';

const key = randomBytes(32);
const id = 'id-of-a-browser-3f1c9a77';
const secret = 'the secret of ann';

describeWithServer('redis', 'RedisStore with hashIds and encryptionKeys', (url) => {
  function open(options: Partial<RedisStoreOptions> = {}, prefix = `${randomUUID()}:`) {
    const store = new RedisStore({ url, prefix, ...options } as RedisStoreOptions);
    const client = new Redis(url);
    onTestFinished(async () => {
      await store.close();
      client.disconnect();
    });
    return { store, client, prefix };
  }

  describe('what is sent to the server', () => {
    it.for([
      ['shows neither id nor data', { hashIds: key, encryptionKeys: key }, [false, false]],
      ['shows both without these options', {}, [true, true]],
    ] as const)('%s', async ([, options, expected]) => {
      const { store, client, prefix } = open(options);
      const monitor = await client.monitor();
      onTestFinished(() => monitor.disconnect());
      let seen = '';
      const last = Promise.withResolvers<void>();
      monitor.on('monitor', (_time: string, words: string[]) => {
        const text = words.join(' ');
        if (text.includes(prefix)) seen += text;
        if (text.includes('that is all')) last.resolve();
      });
      await store.set(id, { cookie: {}, secret } as never);
      await store.update(id, (session) => void Object.assign(session, { n: 1 }));
      expect(await store.get(id)).toMatchObject({ secret, n: 1 });
      await store.touch(id, (await store.get(id)) as never);
      const [stored] = await client.keys(`${prefix}*`);
      seen += `${stored} ${await client.get(stored as string)}`;
      await store.destroy(id);
      await client.echo('that is all');
      await last.promise;
      expect(seen.length).toBeGreaterThan(1000);
      expect([seen.includes(id), seen.includes(secret)]).toEqual(expected);
    });
  });

  it.for([
    ['neither id nor data', everyModeAtOnce, { id: false, secret: false }],
    ['both without these options', {}, { id: true, secret: true }],
  ] as const)('leaves under its prefix %s', async ([, options, expected]) => {
    const { store, client, prefix } = open(options);
    const { store: foreign } = open({ ...options, encryptionKeys: 'f'.repeat(64) }, prefix);
    const told = await liveThrough(store, foreign);
    const keys = await client.keys(`${prefix}*`);
    // The one that lives, and the grave of the one that was destroyed.
    expect(keys).toHaveLength(2);
    const dump = [...keys, ...(await client.mget(keys))].join('\n');
    expect(shown(dump)).toEqual(expected);
    expect(shown(told)).toEqual({ id: false, secret: false });
  });

  it('takes over the sessions of connect-redis with readUnencrypted, and encrypts what it saves', async () => {
    const { store, client, prefix } = open({ encryptionKeys: key, readUnencrypted: true });
    const cookie = { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000), path: '/' };
    await client.set(prefix + id, JSON.stringify({ cookie, secret }), 'EX', 60);
    expect(await store.get(id)).toMatchObject({ secret });
    await store.update(id, (session) => void Object.assign(session, { n: 1 }));
    expect(await client.get(prefix + id)).toMatch(/^#sessionStores [\w-]+\.[\w-]+ encrypted:1\./);
    const { store: strict } = open({ encryptionKeys: key }, prefix);
    expect(await strict.get(id)).toMatchObject({ secret, n: 1 });
  });
});
