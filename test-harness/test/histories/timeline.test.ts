import { describe, expect, it } from 'vitest';
import { judge, type Violation } from '../../src/histories/judge.js';
import { timelineSvg } from '../../src/histories/timeline/svg.js';
import { timelineText } from '../../src/histories/timeline/text.js';
import type { Operation } from '../../src/model/operation.js';
import { begin, destroy, get, historyOf, type Line, save, update } from './operations.js';

function violated(...lines: readonly Line[]): { violation: Violation; history: Operation[] } {
  const history = historyOf(...lines).map((each) => ({ ...each, client: 'c1' }));
  const { violations } = judge(history);
  expect(violations.length).toBe(1);
  return { violation: violations[0] as Violation, history };
}

const resurrection: Line[] = [
  ['p', 0, 1, begin('1', { user: 'ada' })],
  ['q', 2, 3, get({ user: 'ada' }, '2')],
  ['p', 4, 5, destroy],
  ['q', 4.5, 7, save('2', { cart: 'tea' })],
  ['p', 8, 9.25, get({ user: 'ada', cart: 'tea' })],
];

describe('a violation as text', () => {
  it('shows the calls that contradict each other, by client and in time, and what went on meanwhile', () => {
    const { violation, history } = violated(...resurrection);
    expect(timelineText(violation, history, 72)).toBe(
      [
        'Session ada: no order of these calls explains what they were answered',
        'about whether there is a session.',
        '',
        '      0 ms                                         7.3 ms (not to scale)',
        'p c1                     ├────────2────────┤                  ├───4────┤',
        'q c1  ┊···1····┊                  ┊········3········┊',
        '',
        '2  p c1  2.0–3.0 ms  destroy → success',
        '4  p c1  6.0–7.3 ms  get → a session',
        'Meanwhile (dotted):',
        '1  q c1  0.0–1.0 ms  get → a session',
        '3  q c1  2.5–5.0 ms  save what 1 has → success',
      ].join('\n'),
    );
  });

  it('keeps within the width of the terminal', () => {
    const { violation, history } = violated(...resurrection);
    for (const width of [40, 60, 80, 200]) {
      const lines = timelineText(violation, history, width).split('\n');
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
    }
  });

  it('tells that nobody knows what became of a call', () => {
    const { violation, history } = violated(
      ['p', 0, 1, begin('1', { n: 0 })],
      ['q', 2, 'never', update([{ n: 0 }, { n: 1 }])],
      ['p', 3, 4, get({ n: 1 })],
      ['p', 5, 6, get({ n: 0 })],
    );
    const text = timelineText(violation, history);
    expect(text).toContain('p c1');
    expect(text).toMatch(/update: found \{ n = 0 \}, made \{ n = 1 \} → no answer: it may have happened/);
    expect(text).toMatch(/^q c1 .*─?2─*\?$|┊·*\d·*\?/m);
  });

  it('does not show what the history has not written itself', () => {
    const { violation, history } = violated(
      ['p', 0, 1, begin('1', { user: 'ada' })],
      ['p', 2, 3, get({ user: 'secret of somebody' })],
    );
    const both = [timelineText(violation, history), timelineSvg(violation, history)];
    for (const each of both) {
      expect(each).not.toContain('secret');
      expect(each).toContain('user = what nobody wrote');
    }
  });
});

describe('a violation as SVG', () => {
  it('is one well-formed picture with a bar for every call', () => {
    const { violation, history } = violated(...resurrection);
    const svg = timelineSvg(violation, history);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 1000 \d+"/);
    const opened = [...svg.matchAll(/<(\w+)\b(?:[^>]*[^/])?>/g)].map(([, name]) => name);
    const closed = [...svg.matchAll(/<\/(\w+)>/g)].map(([, name]) => name);
    expect(opened.sort()).toEqual(closed.sort());
    const bars = violation.operations.length + violation.suspects.length;
    expect(svg.match(/<rect x=/g)?.length).toBe(bars);
    expect(svg).not.toMatch(/href|url\(|<script|<image/);
    expect(svg.replace(/<[^>]*>|&(amp|lt|gt|quot);/g, '')).not.toMatch(/[<>&]/);
  });
});
