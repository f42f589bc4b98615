import type { History } from '../../model/operation.js';
import type { Violation } from '../judge.js';
import { Describer } from './describe.js';
import { type Bar, clientOf, type Row, type Timeline, timelineOf } from './layout.js';

/** Columns of the narrowest picture. */
const narrowest = 40;

/**
 * A violation for a person at a terminal: a picture, the clients as rows and time to the right, and below it what each call
 * was and was answered. `width`: columns of the terminal; what is longer goes on in the next line.
 */
export function timelineText(violation: Violation, history: History, width = 100): string {
  const timeline = timelineOf(violation, history);
  const columns = Math.max(narrowest, width);
  const describer = new Describer(timeline, history);
  const line = (bar: Bar) => listed(bar, timeline, describer, columns);
  const contradicting = timeline.bars.filter(({ isContradicting }) => isContradicting);
  const others = timeline.bars.filter(({ isContradicting }) => !isContradicting);
  return [
    ...wrapped(heading(timeline), '', columns),
    '',
    ...picture(timeline, columns),
    '',
    ...contradicting.flatMap(line),
    ...(others.length === 0 ? [] : ['Meanwhile (dotted):', ...others.flatMap(line)]),
  ].join('\n');
}

export function heading({ session, keys }: Timeline): string {
  const about =
    keys.length === 0
      ? 'whether there is a session'
      : `the ${keys.length === 1 ? 'key' : 'keys'} ${keys.join(', ')}`;
  return `Session ${session}: no order of these calls explains what they were answered about ${about}.`;
}

function picture(timeline: Timeline, columns: number): string[] {
  const titles = Math.max(...timeline.rows.map(({ title }) => title.length));
  const scale = scaleOf(timeline, columns - titles - 2);
  const end = `${milliseconds(timeline.lasts)} (not to scale)`;
  const axis = `0 ms${end.padStart(Math.max(end.length + 1, columns - titles - 6))}`;
  return [
    `${' '.repeat(titles + 2)}${axis}`,
    ...timeline.rows.map((row) => `${row.title.padEnd(titles + 2)}${drawn(row, scale).trimEnd()}`),
  ];
}

/** The place of a column. Each call and answer gets as much room as any other, however short the time between them. */
function scaleOf({ width }: Timeline, room: number): (column: number) => number {
  const step = width > 1 ? (room - 1) / (width - 1) : 0;
  return (column) => Math.round(column * step);
}

function drawn({ bars }: Row, scale: (column: number) => number): string {
  let line = '';
  for (const bar of bars) {
    const from = Math.max(scale(bar.from), line.length);
    const to = Math.max(scale(bar.to), from);
    line = line.padEnd(from) + shape(bar, to - from + 1);
  }
  return line;
}

function shape({ label, isContradicting, isOpen }: Bar, length: number): string {
  const [begin, fill, end] = isContradicting ? ['├', '─', '┤'] : ['┊', '·', '┊'];
  if (length < label.length + 2) return label;
  const left = Math.floor((length - 2 - label.length) / 2);
  const right = length - 2 - label.length - left;
  return `${begin}${fill.repeat(left)}${label}${fill.repeat(right)}${isOpen ? '?' : end}`;
}

function listed(bar: Bar, timeline: Timeline, describer: Describer, columns: number): string[] {
  const numbers = String(timeline.bars.length).length;
  const clients = Math.max(...timeline.rows.map(({ title }) => title.length));
  const when = whenOf(bar, timeline);
  const whens = Math.max(...timeline.bars.map((each) => whenOf(each, timeline).length));
  const { did, came } = describer.describe(bar);
  const head = `${bar.label.padStart(numbers)}  ${clientOf(bar.operation).padEnd(clients)}  ${when.padStart(whens)}  `;
  const text = `${did} → ${came}`;
  // Where there is little room the words have lines of their own.
  if (head.length > columns / 2) return [head.trimEnd(), ...wrapped(text, '    ', columns)];
  return wrapped(text, head, columns);
}

/** From when to when a call was under way, in ms from the beginning of the picture. */
export function whenOf({ operation, isOpen }: Bar, { beginsAt }: Timeline): string {
  const from = (operation.called - beginsAt).toFixed(1);
  const end = operation.failed ?? operation.returned;
  return `${from}–${isOpen && !Number.isFinite(end) ? '' : milliseconds(end - beginsAt)}`;
}

export function milliseconds(time: number): string {
  return `${time.toFixed(1)} ms`;
}

/** Words after `head`, as many in a line as go in, and the other lines below the first word. */
function wrapped(text: string, head: string, columns: number): string[] {
  const room = columns - head.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each, index) => (index === 0 ? head : ' '.repeat(head.length)) + each);
}
