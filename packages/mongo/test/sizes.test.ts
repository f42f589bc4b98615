import { BSON } from 'mongodb';
import { expect, it } from 'vitest';
import { sample, within } from '../../../test-harness/src/own-tests/backend-calls.js';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { foreign, HeldCommands } from './held-commands.js';

describeWithServer('mongo', 'large sessions', (url) => {
  const on = new HeldCommands(url, 'session_stores_sizes');

  it('no command is larger than a server takes, in bytes of text in any language', async () => {
    const writes = Array.from({ length: 60 }, () =>
      sample({ data: `{"cookie":{},"text":"${'é'.repeat(200_000)}"}` }),
    );
    on.sent = [];
    for (const answer of await on.ours.write(writes, within(20_000)))
      expect(answer).toEqual({ status: 'written' });
    for (const { command } of on.sent)
      expect(BSON.calculateObjectSize(command)).toBeLessThan(16 * 1024 * 1024 + 16 * 1024);
  }, 40_000);

  it('a session that is too large in bytes, not in characters, fails alone', async () => {
    const large = sample({ data: `{"cookie":{},"text":"${'€'.repeat(6_000_000)}"}` });
    expect(await on.ours.write([large, sample()], within(20_000))).toMatchObject([
      { status: 'error', error: { kind: 'TOO_LARGE' } },
      { status: 'written' },
    ]);
  }, 40_000);

  it('a scan brings sessions of which none fits into a page', async () => {
    const writes = Array.from({ length: 4 }, () =>
      sample({ data: `{"cookie":{},"text":"${'x'.repeat(6_000_000)}"}` }),
    );
    for (const write of writes) await on.written(write);
    const seen: string[] = [];
    on.sent = [];
    for await (const page of on.ours.scan(within(20_000))) seen.push(...page.map(({ id }) => id));
    expect(seen.sort()).toEqual(writes.map(({ id }) => id).sort());
    // MongoDB takes 0 for no limit, and answers a batch of 0 with nothing.
    for (const { commandName, command } of on.sent)
      if (commandName === 'find') expect(command.limit).toBeGreaterThan(0);
  }, 40_000);

  it('one of connect-mongo that no command can name beside its successor is TOO_LARGE, alone', async () => {
    await on.sessions().insertOne({ _id: 'a', ...foreign('x'.repeat(9_000_000)) });
    const { data, revision } = (await on.read('a')) as { data: string; revision: string };
    const answers = await on.ours.write(
      [sample({ id: 'a', data, expect: { revision } }), sample()],
      within(20_000),
    );
    expect(answers).toMatchObject([{ status: 'error', error: { kind: 'TOO_LARGE' } }, { status: 'written' }]);
  }, 40_000);
});
