import { readFile } from 'node:fs/promises';
import { type RedisServer, startRedis } from '@session-stores/test-harness';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { RedisBackend } from '../src/index.js';
import { newest } from './applications.js';

for (const [name, connect] of newest) {
  describeWithServer('redis-server', `reading from a Redis with ${name}`, () => {
    let server: RedisServer;
    let admin: Redis;
    beforeAll(async () => {
      server = await startRedis();
      admin = new Redis(server.port);
    });
    afterAll(async () => {
      admin.disconnect();
      await server.stop();
    });
    beforeEach(async () => {
      await admin.flushall();
    });

    async function backendFor(credentials = {}): Promise<RedisBackend> {
      const { client } = connect({ port: server.port, ...credentials });
      const [backend] = await opened(new RedisBackend({ client }));
      return backend;
    }

    it('answers of each record what it held, and when it expired, at one moment', async () => {
      const backend = await backendFor();
      // So long as text and so many that the server takes the command in piece by piece, and others come in between.
      const ids = Array.from({ length: 500 }, (_, place) => `${place}`.padEnd(200, 'x'));
      const last = ids.at(-1) as string;
      const minutes = (expiresAt: number) => Math.round((expiresAt - Date.now()) / 60_000);
      let isOver = false;
      const changes = (async () => {
        for (let left = 0; !isOver; left = (left + 1) % 50) {
          const text = `#sessionStores birth.revision ${left + 1}`;
          await admin.set(`sess:${last}`, text, 'PX', (left + 1) * 60_000);
        }
      })();
      onTestFinished(async () => {
        isOver = true;
        await changes;
      });
      const seen = new Set<number>();
      for (let round = 0; round < 400; round++) {
        const answer = (await backend.read(ids, within())).at(-1);
        if (answer === undefined) continue;
        if ('status' in answer) throw answer.error;
        expect(minutes(answer.expiresAt)).toBe(Number(answer.data));
        seen.add(Number(answer.data));
      }
      expect(seen.size).toBeGreaterThan(10);
      await backend.close();
    });

    it('answers the same of many that are read at once as of each alone', async () => {
      const backend = await backendFor();
      const live = Array.from({ length: 6 }, () => sample());
      const eternal = sample({ expiry: { in: Number.POSITIVE_INFINITY, exact: true } });
      const text = sample({ data: 'no JSON' });
      const dead = sample();
      await backend.write([...live, eternal, text, dead], within());
      await backend.remove([{ id: dead.id, birth: dead.birth, grace: 60_000 }], within());
      await admin.set('sess:foreign', '{"cookie":{}}', 'PX', 60_000);
      await admin.set('sess:eternal and foreign', '{"cookie":{}}');
      await admin.hset('sess:of another type', 'field', 'value');
      const others = ['foreign', 'eternal and foreign', 'of another type', 'nothing'];
      const ids = [dead, ...live, eternal, text].map(({ id }) => id).concat(others, others);
      const told = ([answer]: readonly unknown[]) => {
        if (typeof answer !== 'object' || answer === null || 'status' in answer) return answer;
        const { expiresAt, ...record } = answer as { expiresAt: number };
        return { ...record, seconds: Math.round((expiresAt - Date.now()) / 1_000) };
      };
      const together = (await backend.read(ids, within())).map((answer) => told([answer]));
      const alone = await Promise.all(ids.map(async (id) => told(await backend.read([id], within()))));
      expect(together).toEqual(alone);
      expect(together.filter((answer) => answer === undefined)).toHaveLength(3);
      await backend.close();
    });

    it('tells of a foreign session that is no valid UTF-8 the revision that it can be replaced by', async () => {
      const backend = await backendFor();
      const { id } = sample();
      const bytes = Buffer.from([...Buffer.from('{"cookie":{},"name":"'), 0xff, 0xc3, ...Buffer.from('"}')]);
      await admin.set(`sess:${id}`, bytes, 'PX', 60_000);
      // Beside enough others that it is read as many are.
      const others = Array.from({ length: 20 }, (_, place) => `${id}-${place}`);
      const answer = await one(backend.read([id, ...others], within()));
      if (answer === undefined || 'status' in answer) throw new Error('it is not found');
      expect(answer).toMatchObject({ id, data: bytes.toString(), birth: undefined });
      const write = sample({ id, expect: { revision: answer.revision } });
      expect(await one(backend.write([write], within()))).toEqual({ status: 'written' });
      await backend.close();
    });

    it('takes a session for ours by what it begins with alone', async () => {
      const backend = await backendFor();
      const { id, birth, revision } = sample();
      const theirs = [
        `{"cookie":{"path":"/longer-than-a-name.${revision}"}}`,
        `{"cookie":{},"of":"${birth}."}`,
      ];
      for (const text of theirs) {
        await admin.set(`sess:${id}`, text, 'PX', 60_000);
        const touch = { id, revision, expiry: { in: 90_000, exact: true } };
        expect(await one(backend.touch([touch], within()))).toMatchObject({ status: 'changed' });
        const removal = { id, birth, grace: 5_000 };
        expect(await one(backend.remove([removal], within()))).toEqual({ status: 'other' });
        expect(await admin.get(`sess:${id}`)).toBe(text);
      }
      await backend.close();
    });

    it('and all that changes sessions needs no more rights than README names', async () => {
      const page = await readFile(new URL('../README.md', import.meta.url), 'utf8');
      const named = /A user with restricted rights \(ACL\) needs ([^;]+?) and, for/.exec(page)?.[1] ?? '';
      const commands = [...named.matchAll(/`(\w+)`/g)].map(([, command]) => `+${command}`);
      expect(commands).toContain('+evalsha');
      // What a connection begins with, and xdel and info, which README names apart.
      const further = ['+hello', '+client', '+info', '+ping', '+select', '+xdel'];
      await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~sess:*', '-@all', ...commands, ...further);
      const backend = await backendFor({ username: 'app', password: 'pw' });
      const forEver = { in: Number.POSITIVE_INFINITY, exact: true };
      const eternal = sample({ expiry: forEver });
      const { id, birth, revision } = eternal;
      const all = [sample(), eternal];
      expect(await backend.write(all, within())).toEqual([{ status: 'written' }, { status: 'written' }]);
      const [mortal, changed] = [sample({ expect: { revision } }), sample()];
      const answers = [
        ...(await backend.write([sample({ ...mortal, id, birth })], within())),
        ...(await backend.touch([{ id, revision: mortal.revision, expiry: forEver }], within())),
        ...(await backend.write([changed], within())),
        ...(await backend.remove([{ id: changed.id, birth: changed.birth, grace: 5_000 }], within())),
        ...(await backend.remove([{ id, birth, grace: 0 }], within())),
      ];
      expect(answers.map((answer) => answer.status)).toEqual([
        'written',
        'touched',
        'written',
        'removed',
        'removed',
      ]);
      const known = all[0]?.id as string;
      for (const length of [1, 20]) {
        const ids = Array.from({ length }, (_, place) => (place === 0 ? known : `${known}-${place}`));
        expect(await one(backend.read(ids, within()))).toMatchObject({ id: known });
      }
      expect(await backend.count(within())).toBe(1);
      await backend.clear({ ...within(), grace: 5_000 });
      await backend.close();
    });
  });
}
