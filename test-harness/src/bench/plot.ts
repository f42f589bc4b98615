import type { Contestant, Operation } from './contestant.js';
import { type BenchmarkReport, ratioOf } from './report.js';

const colours = {
  candidate: ['#1a7f5a', '#7fc8ab'],
  peer: ['#c0504d', '#e0a04d', '#9c6ade'],
  driver: ['#7a8794'],
  limit: ['#c9d1d9'],
};
const panel = { width: 760, height: 170, left: 60, top: 46, gap: 58 };
/** The scale is logarithmic, from a tenth to a hundred times. */
const [least, most] = [0.1, 100];

type Member = Pick<Contestant, 'title' | 'role'> & { readonly colour: string };

/**
 * A picture of one condition: for each group and operation, how many times as fast everybody was as the fastest peer (the line
 * at 1).
 */
export function benchmarkPlot(report: BenchmarkReport, condition = headline(report)): string {
  const { inFlight, size } = condition;
  const groups = [...new Set(report.contestants.map(({ group }) => group))].filter((group) =>
    report.results.some(
      ({ title }) => report.contestants.find((one) => one.title === title)?.group === group,
    ),
  );
  const height = groups.length * (panel.height + panel.top + panel.gap) + 40;
  const panels = groups.map((group, index) => {
    const y = index * (panel.height + panel.top + panel.gap) + 40;
    return `<g transform="translate(${panel.left} ${y})">${panelOf(report, group, condition)}</g>`;
  });
  const title = `Times as fast as the fastest peer, ${inFlight} in flight, sessions of ${size} bytes (logarithmic)`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${panel.width + panel.left + 20} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${panel.left}" y="24" font-size="15">${title}</text>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

/** 64 in flight and the smallest sessions, or what comes first. */
function headline({ plan }: BenchmarkReport) {
  const [first] = plan.conditions;
  if (first === undefined) throw new TypeError('a report without conditions has nothing to plot');
  return plan.conditions.find(({ inFlight }) => inFlight === 64) ?? first;
}

function panelOf(
  report: BenchmarkReport,
  group: string,
  condition: { inFlight: number; size: number },
): string {
  const members = membersOf(report, group);
  const asked = report.plan.operations;
  const slot = panel.width / asked.length;
  const bar = (slot - 18) / members.length;
  const bars = asked.flatMap((operation, column) => {
    const yardstick = fastestPeer(report, members, operation, condition);
    if (yardstick === undefined) return [];
    return members.flatMap(({ title, colour }, place) => {
      const rounds = roundsOf(report, title, operation, condition);
      if (rounds === undefined) return [];
      const ratio = ratioOf(rounds, yardstick);
      const [from, to] = [level(1), level(ratio)];
      const x = column * slot + 9 + place * bar;
      const label = ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2);
      return [
        `<rect x="${x.toFixed(1)}" y="${Math.min(from, to).toFixed(1)}" width="${(bar - 2).toFixed(1)}" height="${Math.max(1, Math.abs(from - to)).toFixed(1)}" fill="${colour}"><title>${escaped(title)}: ${label}</title></rect>`,
        `<text x="${(x + bar / 2 - 1).toFixed(1)}" y="${(to < from ? to - 3 : to + 11).toFixed(1)}" font-size="9" text-anchor="middle">${label}</text>`,
      ];
    });
  });
  const grid = [0.1, 1, 10, 100].map(
    (value) =>
      `<line x1="0" x2="${panel.width}" y1="${level(value)}" y2="${level(value)}" stroke="${value === 1 ? '#555' : '#ddd'}"/><text x="-8" y="${level(value) + 4}" text-anchor="end">${value}</text>`,
  );
  const names = asked.map(
    (operation, column) =>
      `<text x="${column * slot + slot / 2}" y="${panel.top + panel.height + 16}" text-anchor="middle">${operation}</text>`,
  );
  return [
    `<text y="14" font-weight="bold">${escaped(group)}</text>`,
    ...legend(members),
    ...grid,
    ...bars,
    ...names,
  ].join('\n');
}

function membersOf({ contestants, results }: BenchmarkReport, group: string): Member[] {
  const seen = { candidate: 0, peer: 0, driver: 0, limit: 0 };
  return contestants
    .filter((one) => one.group === group && results.some(({ title }) => title === one.title))
    .map(({ title, role }) => ({
      title,
      role,
      colour: colours[role][seen[role]++ % colours[role].length] ?? '#000',
    }));
}

function legend(members: readonly Member[]): string[] {
  let x = 0;
  return members.map(({ title, colour }) => {
    const item = `<rect x="${x}" y="22" width="10" height="10" fill="${colour}"/><text x="${x + 14}" y="31">${escaped(title)}</text>`;
    x += 30 + title.length * 6.2;
    return item;
  });
}

function fastestPeer(
  report: BenchmarkReport,
  members: readonly Member[],
  operation: Operation,
  condition: { inFlight: number; size: number },
) {
  const peers = members.filter(({ role }) => role === 'peer');
  // Without a peer the driver is what there is to be compared with, and without one the first.
  const others = peers.length > 0 ? peers : members.filter(({ role }) => role === 'driver');
  const rounds = (others.length > 0 ? others : members).flatMap(({ title }) => {
    const found = roundsOf(report, title, operation, condition);
    return found === undefined ? [] : [found];
  });
  return rounds.reduce<(typeof rounds)[number] | undefined>(
    (fastest, one) => (fastest === undefined || ratioOf(one, fastest) > 1 ? one : fastest),
    undefined,
  );
}

function roundsOf(
  { results }: BenchmarkReport,
  title: string,
  operation: Operation,
  { inFlight, size }: { inFlight: number; size: number },
) {
  return results.find(
    (one) =>
      one.title === title && one.operation === operation && one.inFlight === inFlight && one.size === size,
  )?.rounds;
}

/** The height of a ratio, from the top of the panel. */
function level(ratio: number): number {
  const within = Math.min(most, Math.max(least, ratio));
  return panel.top + panel.height * (1 - Math.log(within / least) / Math.log(most / least));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
