import type { Figures } from './figures.ts';
import type { Room } from './room.ts';
import { speeds } from './speed.ts';
import type { Pace } from './sweep.ts';

/** The figures as Markdown. `few`, `many`: how many sessions. */
export function scaleMarkdown(
  all: readonly Figures[],
  rooms: readonly Room[],
  few: number,
  many: number,
): string {
  const number = (value: number): string => Math.round(value).toLocaleString('en');
  const ratio = ({ few: before, many: after }: Figures, speed: (typeof speeds)[number]): string =>
    (after[speed] / before[speed]).toFixed(2);
  const pace = ({ p50, p99, longestPause }: Pace): string =>
    `${p50.toFixed(2)} / ${p99.toFixed(2)} / ${longestPause.toFixed(1)}`;
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return [
    `With ${number(many)} sessions, how many times as fast as with ${number(few)} (64 in flight, sessions picked at random):`,
    table(
      ['storage', ...speeds, 'bytes a session'],
      all.map((figures) => [
        figures.storage,
        ...speeds.map((speed) => ratio(figures, speed)),
        number(figures.bytesPerSession),
      ]),
    ),
    `All ${number(many)} scanned, and ${number(all[0]?.massDestroy.count ?? 0)} destroyed at once:`,
    table(
      ['storage', 'scan, s', 'held meanwhile, MiB', 'destroys a second', 'by destroyMany'],
      all.map(({ storage, scan, massDestroy }) => [
        storage,
        scan.seconds.toFixed(1),
        megabytes(scan.heldBytes),
        number(massDestroy.oneByOne),
        number(massDestroy.many),
      ]),
    ),
    `${number(many / 2)} expired sessions swept while one session is read every 2 ms (p50 / p99 of a read / longest pause of the event loop, in ms):`,
    table(
      ['storage', 'swept', 'seconds', 'before', 'meanwhile'],
      all.map(({ storage, sweep }) =>
        sweep === undefined
          ? [storage, 'by the server', '', '', '']
          : [
              storage,
              number(sweep.swept),
              sweep.seconds.toFixed(1),
              pace(sweep.before),
              pace(sweep.meanwhile),
            ],
      ),
    ),
    'Bytes that one more session takes, of each store on the same storage:',
    table(
      ['storage', 'store', 'bytes a session'],
      rooms.map(({ storage, title, bytesPerSession }) => [storage, title, number(bytesPerSession)]),
    ),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
