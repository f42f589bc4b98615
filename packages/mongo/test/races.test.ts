import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { one, opened, sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { MongoBackend } from '../src/index.js';

const database = 'session_stores_races';

/** What another process does: told the writes of a round, it sends back how each was answered. */
const program = `
  import { MongoBackend } from '@session-stores/mongo';
  const [url, database, collection] = process.argv.slice(1);
  const backend = new MongoBackend({ url, database, collection });
  const signal = AbortSignal.timeout(100_000);
  process.on('message', async (writes) => {
    const answers = await backend.write(writes, { signal });
    process.send(answers.map(({ status, current, unsure }) => ({ status, revision: current?.revision, unsure })));
  });
  process.once('disconnect', () => backend.close());
  process.send('ready');
`;

interface Told {
  readonly status: string;
  readonly revision: string | undefined;
  readonly unsure: boolean | undefined;
}

describeWithServer('mongo', 'races of four processes', (url) => {
  const client = new MongoClient(url);
  const collection = 'races';
  const rivals: ChildProcess[] = [];
  let backend: MongoBackend;

  beforeAll(async () => {
    [backend] = await opened(new MongoBackend({ client, database, collection }));
    for (let count = 0; count < 4; count++) {
      const parameters = ['--input-type=module', '--eval', program, '--', url, database, collection];
      const rival = spawn(process.execPath, parameters, {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      rivals.push(rival);
      await once(rival, 'message');
    }
  }, 60_000);
  afterAll(async () => {
    const ends = rivals.map((rival) => once(rival, 'exit'));
    for (const rival of rivals) rival.disconnect();
    await Promise.all(ends);
    await client.db(database).dropDatabase();
    await client.close();
  });

  async function tell(rival: ChildProcess, writes: readonly object[]): Promise<Told[]> {
    const answer = once(rival, 'message');
    rival.send(writes);
    return (await answer)[0] as Told[];
  }

  it('of 200 rounds of inserts and of compare-and-sets each has one winner, whom the others meet', async () => {
    for (let round = 0; round < 100; round++) {
      const id = `race ${round}`;
      let before = sample({ id });
      for (const next of [
        () => sample({ id }),
        () => sample({ id, expect: { revision: before.revision } }),
      ]) {
        const writes = rivals.map(next);
        const answers = await Promise.all(
          rivals.map((rival, index) => tell(rival, [writes[index] as object])),
        );
        const told = answers.map(([answer]) => answer as Told);
        const winners = writes.filter((_, index) => told[index]?.status === 'written');
        expect(winners).toHaveLength(1);
        [before] = winners as [typeof before];
        for (const { status, revision, unsure } of told) {
          if (status !== 'written')
            expect([status, revision, unsure]).toEqual(['conflict', before.revision, undefined]);
        }
      }
    }
  }, 90_000);

  it('in batches of 40 too, of which each process wins some: every record has one winner, and nobody is told otherwise', async () => {
    const records = Array.from({ length: 40 }, () => sample());
    await backend.write(records, within());
    for (let round = 0; round < 10; round++) {
      const stored = await backend.read(
        records.map(({ id }) => id),
        within(),
      );
      const writes = rivals.map((_, rival) =>
        // Each begins elsewhere, so that they overtake each other.
        records.map((__, index) => {
          const { id } = records[(index + rival * 10) % 40] as (typeof records)[number];
          const current = stored[records.findIndex((record) => record.id === id)] as { revision: string };
          return sample({ id, expect: { revision: current.revision } });
        }),
      );
      const told = await Promise.all(rivals.map((rival, index) => tell(rival, writes[index] as object[])));
      for (const { id } of records) {
        const mine = writes.map((batch) => batch.findIndex((write) => write.id === id));
        const statuses = mine.map((position, rival) => told[rival]?.[position]?.status);
        expect(statuses.filter((status) => status === 'written')).toHaveLength(1);
        expect(statuses.filter((status) => status === 'conflict')).toHaveLength(3);
        const winner = statuses.indexOf('written');
        const batch = writes[winner] as { revision: string }[];
        const { revision } = batch[mine[winner] as number] as { revision: string };
        expect(await one(backend.read([id], within()))).toMatchObject({ revision });
      }
    }
  }, 90_000);
});
