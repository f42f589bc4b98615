import pg from 'pg';
import { expect, it } from 'vitest';
import { describeWithServer } from '../../../test-harness/src/servers/needs.js';
import { textArray } from '../src/text-array.js';

describeWithServer('postgres', 'a list of texts in binary', (url) => {
  it.each([
    [['one']],
    [['', 'a "quoted" one', 'back\\slash', '{curly, comma}', 'NULL', 'é 漢 😀', 'line\nbreak']],
    [[null, 'between', null]],
    [['x'.repeat(1_000_000)]],
  ])('arrives as it was, list %#', async (values) => {
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query('select $1::text[] as came', [textArray(values)]);
    await client.end();
    expect(rows[0].came).toEqual(values);
  });
});
