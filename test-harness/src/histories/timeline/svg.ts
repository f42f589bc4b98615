import type { History } from '../../model/operation.js';
import type { Violation } from '../judge.js';
import { Describer } from './describe.js';
import { type Bar, clientOf, type Timeline, timelineOf } from './layout.js';
import { heading, milliseconds, whenOf } from './text.js';

const colours = { contradiction: '#c0504d', meanwhile: '#b8c0c8', text: '#1f2328', faint: '#59636e' };
const [rowHeight, barHeight, lineHeight] = [34, 20, 18];
const width = 1_000;
const margin = 20;

/** The same as the text of a violation, as a picture that needs nothing beside itself. */
export function timelineSvg(violation: Violation, history: History): string {
  const timeline = timelineOf(violation, history);
  const describer = new Describer(timeline, history);
  const titles = Math.max(...timeline.rows.map(({ title }) => title.length)) * 7.5 + 12;
  const room = width - 2 * margin - titles;
  const step = timeline.width > 1 ? room / (timeline.width - 1) : room;
  const top = 70;
  const rows = timeline.rows.map(({ title, bars }, index) => {
    const y = top + index * rowHeight;
    return [
      `<text x="${margin}" y="${y + 14}">${escaped(title)}</text>`,
      `<line x1="${margin + titles}" x2="${width - margin}" y1="${y + 10}" y2="${y + 10}" stroke="#e5e8eb"/>`,
      ...bars.map((bar) => barOf(bar, { x: margin + titles, y, step, describer })),
    ].join('\n');
  });
  const listTop = top + timeline.rows.length * rowHeight + 16;
  const order = [...timeline.bars].sort(
    (one, other) => Number(other.isContradicting) - Number(one.isContradicting),
  );
  const list = order.map((bar, index) =>
    lineOf(bar, timeline, describer, listTop + (index + 1) * lineHeight),
  );
  const height = listTop + (order.length + 1) * lineHeight + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colours.text}">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${margin}" y="28" font-size="14">${escaped(heading(timeline))}</text>`,
    `<text x="${margin + titles}" y="56" fill="${colours.faint}">0 ms</text>`,
    `<text x="${width - margin}" y="56" text-anchor="end" fill="${colours.faint}">${milliseconds(timeline.lasts)}, not to scale</text>`,
    ...rows,
    ...list,
    '</svg>\n',
  ].join('\n');
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly step: number;
  readonly describer: Describer;
}

function barOf(bar: Bar, { x, y, step, describer }: Place): string {
  const { label, isContradicting, isOpen } = bar;
  const from = x + bar.from * step;
  const long = Math.max(14, (bar.to - bar.from) * step - 2);
  const colour = isContradicting ? colours.contradiction : colours.meanwhile;
  const open = isOpen ? ` fill-opacity="0.35" stroke="${colour}" stroke-dasharray="4 3"` : '';
  const { did, came } = describer.describe(bar);
  return [
    `<g><title>${escaped(`${did} → ${came}`)}</title>`,
    `<rect x="${from.toFixed(1)}" y="${y}" width="${long.toFixed(1)}" height="${barHeight}" rx="3" fill="${colour}"${open}/>`,
    `<text x="${(from + long / 2).toFixed(1)}" y="${y + 14}" text-anchor="middle"${isContradicting && !isOpen ? ' fill="#fff"' : ''}>${label}${isOpen ? '?' : ''}</text></g>`,
  ].join('');
}

function lineOf(bar: Bar, timeline: Timeline, describer: Describer, y: number): string {
  const { did, came } = describer.describe(bar);
  const text = `${bar.label}   ${clientOf(bar.operation)}   ${whenOf(bar, timeline)}   ${did} → ${came}`;
  const colour = bar.isContradicting ? colours.text : colours.faint;
  return `<text x="${margin}" y="${y}" fill="${colour}" xml:space="preserve">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
