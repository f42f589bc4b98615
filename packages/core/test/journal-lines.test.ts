import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doneLine, entryLine, type JournalEntry, readJournal } from '../src/journal-lines.js';

const entry = (number: number, id: string, birth?: string): JournalEntry => ({
  number,
  id,
  birth,
  begun: 1_800_000_000_000 + number,
  grace: 45_000,
});

/** Ids of every kind, those included that look like a line. */
const ids = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom('ssj1 ', 'ssj1 00000000 {"done":1}', '\nssj1 ssj1 \n', 'é\u2028💥'),
  fc.string({ maxLength: 10 }).map((text) => entryLine(entry(1, text))),
);
const journals = fc
  .array(fc.tuple(ids, fc.option(fc.string(), { nil: undefined })), { minLength: 1, maxLength: 6 })
  .map((pairs) => pairs.map(([id, birth], index) => entry(index + 1, id, birth)));

const bytesOf = (entries: readonly JournalEntry[]): Buffer => Buffer.from(entries.map(entryLine).join(''));

describe('a journal', () => {
  it('gives back what was written, whatever the ids are, without what is done', () => {
    fc.assert(
      fc.property(journals, (entries) => {
        expect(readJournal(bytesOf(entries))).toEqual({ entries, damaged: 0, isJournal: true });
        const struckOut = Buffer.from(bytesOf(entries) + doneLine(1));
        expect(readJournal(struckOut).entries).toEqual(entries.slice(1));
      }),
    );
  });

  it('that ends anywhere has every entry that is whole', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (entries, random) => {
        const bytes = bytesOf(entries);
        const length = random % (bytes.length + 1);
        let end = 0;
        const whole = entries.filter((one) => {
          end += entryLine(one).length;
          // The line break says nothing.
          return end - 1 <= length;
        });
        const content = readJournal(bytes.subarray(0, length));
        expect(content).toEqual({ entries: whole, damaged: 0, isJournal: true });
      }),
      { numRuns: 500 },
    );
  });

  it('loses at one damaged byte no entry but the one that it hit', () => {
    fc.assert(
      fc.property(journals, fc.nat(), fc.integer({ min: 0, max: 255 }), (entries, random, byte) => {
        const bytes = bytesOf(entries);
        const at = random % bytes.length;
        bytes[at] = byte;
        let end = 0;
        const untouched = entries.filter((one) => {
          const start = end;
          end += entryLine(one).length;
          return at < start || at >= end;
        });
        const { entries: found, isJournal } = readJournal(bytes);
        expect(isJournal).toBe(true);
        expect(found.filter(({ number }) => untouched.some((one) => one.number === number))).toEqual(
          untouched,
        );
        // And nothing comes up that was never written.
        expect(entries).toEqual(expect.arrayContaining([...found]));
      }),
      { numRuns: 2000 },
    );
  });

  it('has both entries where the line break between them is damaged', () => {
    const entries = [entry(1, 'a'), entry(2, 'ssj1 b')];
    const bytes = bytesOf(entries);
    bytes[entryLine(entry(1, 'a')).length - 1] = 0;
    expect(readJournal(bytes)).toEqual({ entries, damaged: 1, isJournal: true });
  });

  it('is told from a file that holds something else', () => {
    for (const text of ['root:x:0:0:root:/root:/bin/sh\n', '{"number":1}\n', '\0\0\0\0\0\0\0\0']) {
      expect(readJournal(Buffer.from(text)).isJournal).toBe(false);
    }
  });

  it('of a later release is not thrown away as if it were damaged', () => {
    const body = '{"kind":"new"}';
    const known = entryLine(entry(1, 'a'));
    expect(known).toMatch(/^ssj1 [0-9a-f]{8} \{"number":1,/);
    // The CRC-32 of the body, by https://www.rfc-editor.org/rfc/rfc1952#section-8.
    expect(() => readJournal(Buffer.from(`${known}ssj1 ${crcOf(body)} ${body}\n`))).toThrow(/form/);
  });
});

function crcOf(text: string): string {
  let crc = 0xff_ff_ff_ff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xed_b8_83_20 : 0);
  }
  return ((crc ^ 0xff_ff_ff_ff) >>> 0).toString(16).padStart(8, '0');
}
