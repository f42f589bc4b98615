import type { History, Operation } from '../../model/operation.js';
import { aboutKeys } from '../about-keys.js';
import type { Violation } from '../judge.js';

/** One call, from one column to another. Columns are the moments at which something was called or answered, in order. */
export interface Bar {
  /** What it is called in the picture and in the list below it. */
  readonly label: string;
  readonly operation: Operation;
  /** `false`: it is not part of the contradiction, only of its time. */
  readonly isContradicting: boolean;
  readonly from: number;
  readonly to: number;
  /** Nobody was told what became of it, so it may also have happened later, or never. */
  readonly isOpen: boolean;
}

/** The calls of one client, none over another. */
export interface Row {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Timeline {
  readonly session: string;
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
  /** Of all bars, in the order of the calls. */
  readonly bars: readonly Bar[];
  /** How many columns there are. */
  readonly width: number;
  /** Ms on the clock of the history that the picture begins at. */
  readonly beginsAt: number;
  /** Ms from the first call to the last answer in the picture. */
  readonly lasts: number;
}

/** Where everything of a violation goes in a picture. `history`: that in which it was found. */
export function timelineOf(violation: Violation, history: History): Timeline {
  const { session, keys } = violation;
  const originals = new Map(history.map((each) => [each.number, each]));
  // The judge leaves out what it does not need: an answer that came after the contradiction was complete, for example.
  const whole = (each: Operation): Operation => originals.get(each.number) ?? each;
  const contradicting = new Set(violation.operations.map(({ number }) => number));
  const all = [...violation.operations, ...violation.suspects].map(whole);
  const operations = aboutKeys(all, keys).sort((one, other) => one.called - other.called);
  const ends = operations.map((operation) => endOf(operation, operations));
  const moments = [...new Set(operations.flatMap(({ called }, index) => [called, ends[index] ?? called]))];
  moments.sort((one, other) => one - other);
  const bars = operations.map((operation, index): Bar => {
    const isContradicting = contradicting.has(operation.number);
    return {
      label: String(index + 1),
      operation,
      isContradicting,
      from: moments.indexOf(operation.called),
      to: moments.indexOf(ends[index] ?? operation.called),
      isOpen: operation.answer === 'unknown',
    };
  });
  const beginsAt = moments[0] ?? 0;
  const lasts = (moments.at(-1) ?? 0) - beginsAt;
  return { session, keys, rows: rowsOf(bars), bars, width: moments.length, beginsAt, lasts };
}

/** Until when a client was occupied by a call: if it never heard of it again, until it went on, or until the end. */
function endOf(operation: Operation, all: readonly Operation[]): number {
  const known = operation.failed ?? operation.returned;
  if (Number.isFinite(known)) return known;
  const times = all.flatMap(({ called, failed, returned }) => [called, failed ?? returned]);
  return Math.max(...times.filter(Number.isFinite)) + 1;
}

function rowsOf(bars: readonly Bar[]): Row[] {
  const byClient = Map.groupBy(bars, ({ operation }) => clientOf(operation));
  const rows: Row[] = [];
  for (const client of [...byClient.keys()].sort()) {
    const lanes: Bar[][] = [];
    for (const bar of byClient.get(client) ?? []) {
      const free = lanes.find((lane) => (lane.at(-1)?.to ?? -1) <= bar.from);
      if (free === undefined) lanes.push([bar]);
      else free.push(bar);
    }
    for (const lane of lanes) rows.push({ title: client, bars: lane });
  }
  return rows;
}

/** Who called: the store, which tells the process, and the client. */
export function clientOf({ store, client }: Operation): string {
  return client === undefined ? store : `${store} ${client}`;
}
