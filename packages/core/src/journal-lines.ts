import { crc32 } from 'node:zlib';

/** A destroy that has begun and is not confirmed. */
export interface JournalEntry {
  /** Unique in one journal. A line with the number of an earlier one takes its place. */
  readonly number: number;
  /** The id as the storage has it. */
  readonly id: string;
  /** `undefined`: it was not known which life of the id was there. */
  readonly birth: string | undefined;
  /** When `destroy` was called, in epoch ms. */
  readonly begun: number;
  /** How long an insert of that session may be late, in ms. */
  readonly grace: number;
}

/** What stands in a journal. */
export interface JournalContent {
  readonly entries: readonly JournalEntry[];
  /** How many places could not be read, the torn end of the last write left out. */
  readonly damaged: number;
  /** `false`: there is something in it, and nothing of it looks like a journal. */
  readonly isJournal: boolean;
}

/** What no release of ours wrote, although its checksum is right: a later release did. */
export class UnknownJournalLine extends Error {}

const mark = 'ssj1 ';
const frame = /^ssj1 ([0-9a-f]{8}) (\{.*\})$/;
/** What is left of a line after damage in its mark. */
const remains = /[0-9a-f]{8} \{"(number|done)":/;

/** One line, in ASCII whatever the id is, so that a damaged byte is a damaged character and no more. */
export function entryLine(entry: JournalEntry): string {
  return lineOf(entry);
}

/** Strikes the entry of this number out. */
export function doneLine(number: number): string {
  return lineOf({ done: number });
}

/**
 * What is whole in a journal, whatever happened to the rest of it. Throws `UnknownJournalLine`: it must not be thrown away
 * as if it were damage.
 */
export function readJournal(bytes: Buffer): JournalContent {
  const text = bytes.toString('latin1');
  const entries = new Map<number, JournalEntry>();
  let damaged = 0;
  let found = 0;
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const whole = bodyOf(line);
    const bodies = whole === undefined ? rescue(line) : [whole];
    for (const body of bodies) {
      apply(body, entries);
    }
    found += bodies.length;
    const isTornEnd = index === lines.length - 1;
    if (line !== '' && !isTornEnd && whole === undefined) {
      damaged++;
    }
  }
  const looksLikeOne = found > 0 || mark.startsWith(text.slice(0, mark.length)) || remains.test(text);
  return { entries: [...entries.values()], damaged, isJournal: looksLikeOne };
}

function lineOf(body: object): string {
  const json = JSON.stringify(body).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${mark}${checksum(json)} ${json}\n`;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** `undefined`: the line is damaged. */
function bodyOf(line: string): unknown {
  const [, sum, json] = frame.exec(line) ?? [];
  if (json === undefined || checksum(json) !== sum) {
    return undefined;
  }
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * The whole lines within a damaged one: where the damage hit a line break, two lines look like one. An id cannot forge a
 * line, because JSON escapes its quotes.
 */
function rescue(line: string): unknown[] {
  const found: unknown[] = [];
  const starts: number[] = [];
  for (let at = line.indexOf(mark); at >= 0; at = line.indexOf(mark, at + 1)) {
    starts.push(at);
  }
  for (let index = 0; index < starts.length; index++) {
    const ends = [...starts.slice(index + 1).map((start) => start - 1), line.length];
    const bodies = ends.map((end) => bodyOf(line.slice(starts[index], end)));
    const at = bodies.findIndex((body) => body !== undefined);
    if (at >= 0) {
      found.push(bodies[at]);
      index += at;
    }
  }
  return found;
}

function apply(body: unknown, entries: Map<number, JournalEntry>): void {
  const { done, number, id, birth, begun, grace } = body as Partial<JournalEntry & { done: number }>;
  if (typeof done === 'number') {
    entries.delete(done);
  } else if (
    typeof number === 'number' &&
    typeof id === 'string' &&
    typeof begun === 'number' &&
    typeof grace === 'number' &&
    (birth === undefined || typeof birth === 'string')
  ) {
    entries.set(number, { number, id, birth, begun, grace });
  } else {
    throw new UnknownJournalLine('A line of the journal is whole and has a form that is not known');
  }
}
