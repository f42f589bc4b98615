import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { type MongoServer, startFerret, startMongo } from '../src/servers/mongo.js';
import { answersPing } from '../src/servers/mongo-ping.js';
import { describeWithServer } from '../src/servers/needs.js';

async function ask<T>(url: string, question: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000 });
  try {
    return await question(client);
  } finally {
    await client.close();
  }
}

describeWithServer('mongo', 'the shared MongoDB', (url) => {
  it('answers', async () => {
    expect(await ask(url, (client) => client.db().command({ ping: 1 }))).toMatchObject({ ok: 1 });
  });
});

describeWithServer('mongod', 'the shared real mongod', (url) => {
  it('deletes what has expired', { timeout: 100_000 }, async () => {
    await ask(url, async (client) => {
      const things = client.db('test-of-servers').collection('expiring');
      await things.createIndex({ expires: 1 }, { expireAfterSeconds: 0 });
      await things.insertOne({ expires: new Date() });
      // A mongod that MONGO_URL names does so once a minute.
      await expect.poll(() => things.countDocuments(), { timeout: 90_000, interval: 100 }).toBe(0);
      await things.drop();
    });
  });
});

describeWithServer('ferretdb', 'FerretDB', () => {
  it('refuses TTL indexes', async () => {
    const server = await startFerret();
    await ask(server.url, async (client) => {
      const index = client.db('test').collection('things').createIndex({ at: 1 }, { expireAfterSeconds: 0 });
      await expect(index).rejects.toMatchObject({ code: 238 });
    });
    await server.stop();
  });

  it('lets one of many clients win a compare-and-set', async () => {
    const server = await startFerret();
    const clients = await Promise.all(Array.from({ length: 8 }, () => new MongoClient(server.url).connect()));
    for (let revision = 0; revision < 20; revision++) {
      const things = clients.map((client) =>
        client.db('test').collection<{ _id: string; revision: number }>('things'),
      );
      if (revision === 0) await things[0]?.insertOne({ _id: 'a', revision });
      const races = things.map((each) => each.updateOne({ _id: 'a', revision }, { $inc: { revision: 1 } }));
      const won = (await Promise.all(races)).filter(({ matchedCount }) => matchedCount === 1);
      expect(won).toHaveLength(1);
    }
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
  });
});

describeWithServer('mongo-server', 'a MongoDB of a test', () => {
  it('is killed in the middle of writes, comes back with all it has acknowledged, and is gone after stop', async () => {
    const server = await startMongo();
    const acknowledged = await writeUntilKilled(server);
    expect(await answersPing('127.0.0.1', server.port)).toBe(false);
    await server.restart();
    const kept = await ask(server.url, async (client) => {
      const found = await client.db('test').collection<{ _id: number }>('things').find().toArray();
      return new Set(found.map(({ _id }) => _id));
    });
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    await server.stop();
    expect(await answersPing('127.0.0.1', server.port)).toBe(false);
  });

  async function writeUntilKilled(server: MongoServer): Promise<number[]> {
    const acknowledged: number[] = [];
    let next = 0;
    await ask(server.url, async (client) => {
      const things = client.db('test').collection<{ _id: number }>('things');
      const writer = async () => {
        for (;;) {
          const _id = next++;
          // Without a replica set, `majority` alone is no promise about the disk before MongoDB 5.0.
          await things.insertOne({ _id }, { writeConcern: { w: 'majority', j: true } });
          acknowledged.push(_id);
        }
      };
      const writers = Array.from({ length: 8 }, () => writer().catch(() => {}));
      await expect.poll(() => acknowledged.length, { timeout: 15_000 }).toBeGreaterThan(50);
      await server.kill();
      await Promise.all(writers);
    });
    return acknowledged;
  }

  it('does not outlive a process that is killed', async () => {
    const module = new URL('../dist/servers/mongo.js', import.meta.url).href;
    const script = `
      const { startMongo } = await import(${JSON.stringify(module)});
      console.log((await startMongo()).port);
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout, 'data');
    const port = Number(line);
    expect(await answersPing('127.0.0.1', port)).toBe(true);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    // The watchdog is another process: this is how often its work is looked for, and when the test gives up.
    for (let left = 200; await answersPing('127.0.0.1', port); left--) {
      expect(left).toBeGreaterThan(0);
      await wait(25);
    }
  });
});
