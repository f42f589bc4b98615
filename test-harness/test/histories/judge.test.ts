import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../src/histories/judge.js';
import type { Operation } from '../../src/model/operation.js';
import { someOrderExplains } from './brute-force.js';
import {
  type Asked,
  begin,
  destroy,
  get,
  historyOf,
  type Line,
  save,
  touch,
  until,
  update,
} from './operations.js';
import { alteredHistories, rightHistories } from './simulation.js';

function verdictOn(...lines: readonly Line[]) {
  return judge(historyOf(...lines)).verdict;
}

/** Every run tries the same. */
const seed = 20_240_229;

describe('a history by hand', () => {
  const begun: Line = ['p', 0, 1, begin('1', { user: 'ada' })];
  const loaded: Line = ['p', 2, 3, get({ user: 'ada' }, '2')];

  it('is right if nothing happened', () => {
    expect(judge([])).toEqual({ verdict: 'right', sessions: [], violations: [] });
  });

  it('is wrong if a save brings a session back', () => {
    const lines: Line[] = [begun, loaded, ['q', 4, 5, destroy], ['p', 6, 7, save('2', { a: 1 })]];
    expect(verdictOn(...lines, ['q', 8, 9, get(undefined)])).toBe('right');
    expect(verdictOn(...lines, ['q', 8, 9, get({ user: 'ada', a: 1 })])).toBe('wrong');
  });

  it('is right if a save and a destroy overlap, but only with the session gone', () => {
    const lines: Line[] = [begun, loaded, ['q', 4, 9, destroy], ['p', 5, 8, save('2', { a: 1 })]];
    expect(verdictOn(...lines, ['q', 6, 7, get({ user: 'ada', a: 1 })])).toBe('right');
    expect(verdictOn(...lines, ['q', 10, 11, get(undefined)])).toBe('right');
    expect(verdictOn(...lines, ['q', 10, 11, get({ user: 'ada', a: 1 })])).toBe('wrong');
  });

  it('lets a destroy end what begins while it is under way, and nothing that begins later', () => {
    const lines: Line[] = [begun, ['p', 4, 20, destroy], ['q', 5, 6, get(undefined)]];
    const another: Line = ['q', 7, 8, begin('3', { user: 'eve' }, { made: 7 })];
    const seen: Line = ['q', 9, 10, get({ user: 'eve' })];
    expect(verdictOn(...lines, another, seen, ['q', 21, 22, get(undefined)])).toBe('right');
    expect(verdictOn(...lines, another, ['q', 23, 24, get({ user: 'eve' })])).toBe('right');
    expect(
      verdictOn(...lines, another, ['q', 21, 22, get({ user: 'eve' })], ['q', 23, 24, get(undefined)]),
    ).toBe('wrong');
    const later: Line = ['q', 21, 22, begin('3', { user: 'eve' }, { made: 21 })];
    expect(verdictOn(...lines, later, ['q', 23, 24, get(undefined)])).toBe('wrong');
  });

  it('is wrong if what one request wrote is lost when another writes', () => {
    const lines: Line[] = [
      begun,
      loaded,
      ['q', 2, 3, get({ user: 'ada' }, '3')],
      ['p', 4, 5, save('2', { a: 1 })],
      ['q', 6, 7, save('3', { b: 1 })],
    ];
    expect(verdictOn(...lines, ['q', 8, 9, get({ user: 'ada', a: 1, b: 1 })])).toBe('right');
    expect(verdictOn(...lines, ['q', 8, 9, get({ user: 'ada', b: 1 })])).toBe('wrong');
  });

  it('is wrong if what was seen is not seen later', () => {
    const lines: Line[] = [begun, ['p', 2, 9, save('1', { a: 1 })], ['q', 3, 4, get({ user: 'ada', a: 1 })]];
    expect(verdictOn(...lines, ['q', 5, 6, get({ user: 'ada', a: 1 })])).toBe('right');
    expect(verdictOn(...lines, ['q', 5, 6, get({ user: 'ada' })])).toBe('wrong');
    expect(verdictOn(...lines, ['q', 3.5, 6, get({ user: 'ada' })])).toBe('right');
  });

  it('is wrong if a read that was called after a write was answered does not find it', () => {
    expect(verdictOn(begun, ['q', 0.5, 3, get(undefined)])).toBe('right');
    expect(verdictOn(begun, ['q', 2, 3, get(undefined)])).toBe('wrong');
  });

  it('lets what was not answered happen at any later moment, once, or never', () => {
    const lost: Line = ['p', 2, 'never', destroy];
    const other: Line[] = [begun, lost, ['q', 20, 21, begin('2', { user: 'eve' }, { made: 19 })]];
    expect(verdictOn(begun, lost, ['q', 100, 101, get({ user: 'ada' })])).toBe('right');
    expect(verdictOn(begun, lost, ['q', 100, 101, get(undefined)])).toBe('right');
    expect(verdictOn(begun, lost, ['q', 4, 5, get(undefined)], ['q', 6, 7, get({ user: 'ada' })])).toBe(
      'wrong',
    );
    expect(verdictOn(...other, ['q', 30, 31, get(undefined)])).toBe('right');
    expect(verdictOn(...other, ['q', 10, 11, get(undefined)], ['q', 30, 31, get(undefined)])).toBe('wrong');
    expect(verdictOn(begun, ['q', 1.5, 1.7, get(undefined)], lost)).toBe('wrong');
  });

  it('lets a store hide what it failed to destroy, until it begins another session', () => {
    const lines: Line[] = [begun, ['p', 2, 'never', destroy], ['q', 4, 5, get({ user: 'ada' })]];
    const hidden: Line[] = [...lines, ['p', 6, 7, get(undefined)], ['q', 8, 9, get({ user: 'ada' })]];
    expect(verdictOn(...hidden)).toBe('right');
    expect(verdictOn(...lines, ['q', 6, 7, get(undefined)], ['q', 8, 9, get({ user: 'ada' })])).toBe('wrong');
    const again: Line[] = [...hidden, ['p', 10, 11, begin('3', { user: 'eve' }, { made: 9 })]];
    const twice: Line[] = [...again, ['p', 12, 13, get(undefined)], ['p', 14, 15, get({ user: 'eve' })]];
    expect(verdictOn(...twice)).toBe('wrong');
  });

  it('is wrong if two updates count one', () => {
    const counted: Line[] = [
      ['p', 0, 1, begin('1', { n: 0 })],
      ['p', 2, 9, update([{ n: 0 }, { n: 1 }])],
    ];
    expect(verdictOn(...counted, ['q', 3, 8, update([{ n: 1 }, { n: 2 }])])).toBe('right');
    expect(verdictOn(...counted, ['q', 3, 8, update([{ n: 0 }, { n: 1 }])])).toBe('wrong');
  });

  it('lets an update that was told of no session have changed another than the one that it was called before', () => {
    const none: Asked = [update([{ n: 0 }, { n: 1 }])[0], { session: undefined }];
    const lines: Line[] = [
      ['p', 1, 40, none],
      ['q', 10, 11, begin('1', { n: 0 })],
      ['q', 20, 21, get({ n: 1 })],
      ['q', 30, 31, destroy],
    ];
    expect(verdictOn(...lines, ['q', 41, 42, get(undefined)])).toBe('right');
    expect(verdictOn(...lines, ['q', 41, 42, get({ n: 1 })])).toBe('wrong');
  });

  it('is wrong if a session outlives its time, or ends before it', () => {
    const short: Line = ['p', 0, 1, begin('1', {}, { deadline: until(100) })];
    expect(verdictOn(short, ['p', 50, 51, touch('1', until(150))], ['q', 140, 141, get({})])).toBe('right');
    expect(verdictOn(short, ['q', 140, 141, get({})])).toBe('wrong');
    expect(verdictOn(short, ['q', 50, 51, get(undefined)])).toBe('wrong');
  });

  it('is judged session by session, with a clear in all of them', () => {
    const [ada, cleared, looked] = historyOf(begun, ['q', 2, 3, destroy], ['q', 4, 5, get(undefined)]);
    const all = { ...(cleared as Operation), session: undefined };
    const eve = historyOf(begun, ['q', 4, 5, get({ user: 'ada' })]).map((each) => ({
      ...each,
      session: 'eve',
    }));
    const history = [ada as Operation, looked as Operation];
    expect(judge([...history, all]).verdict).toBe('right');
    expect(judge(history).verdict).toBe('wrong');
    const { verdict, violations } = judge([...history, all, ...eve]);
    expect([verdict, violations.map(({ session }) => session)]).toEqual(['wrong', ['eve']]);
    expect(judge([...history, all, ...eve]).sessions.map(({ operations }) => operations)).toEqual([3, 3]);
  });

  it('is undecided, and not right, where the search ends before it has an answer', () => {
    const lines: Line[] = [
      begun,
      ...Array.from({ length: 8 }, (_, n): Line => ['p', 2, 20, save('1', { a: n })]),
    ];
    expect(judge(historyOf(...lines), { maxSteps: 5 }).verdict).toBe('undecided');
    expect(judge(historyOf(...lines)).verdict).toBe('right');
  });
});

describe('a history by chance', () => {
  const many = { maxLength: 120, unanswered: 10, uniqueValues: true };

  it('is right if a right store has made it', () => {
    fc.assert(
      fc.property(rightHistories(many), (history) => judge(history).verdict === 'right'),
      { seed, numRuns: 150 },
    );
  });

  it('is right where values repeat and sessions expire, too', () => {
    fc.assert(
      fc.property(
        rightHistories({ maxLength: 40, unanswered: 10, mortal: true }),
        (history) => judge(history).verdict === 'right',
      ),
      { seed, numRuns: 200 },
    );
  });

  it('is never wrong if a right store has made it, however little of it was answered', () => {
    fc.assert(
      fc.property(rightHistories({ ...many, unanswered: 40, mortal: true }), (history) => {
        const { verdict, sessions } = judge(history, { maxSteps: 500 });
        expect(sessions.every(({ steps }) => steps <= 500)).toBe(true);
        return verdict !== 'wrong';
      }),
      { seed, numRuns: 100 },
    );
  });

  it('is judged as by trying all orders', () => {
    const verdicts: Record<string, number> = { right: 0, wrong: 0, undecided: 0 };
    fc.assert(
      fc.property(alteredHistories({ maxLength: 6, unanswered: 30, mortal: true }), (history) => {
        const { verdict } = judge(history);
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
        return verdict === (someOrderExplains(history) ? 'right' : 'wrong');
      }),
      { seed, numRuns: 600 },
    );
    expect(verdicts.right).toBeGreaterThan(100);
    expect(verdicts.wrong).toBeGreaterThan(100);
  });

  it('is wrong if somebody found what nobody wrote, which is all there is to show', () => {
    fc.assert(
      fc.property(rightHistories({ ...many, maxLength: 60 }), fc.nat(), (history, which) => {
        const looks = history.flatMap((each) =>
          each.action.type === 'get' && typeof each.answer !== 'string' && each.answer.session !== undefined
            ? [{ ...each, answer: { session: { ...each.answer.session, a: '"of nobody"' } } }]
            : [],
        );
        fc.pre(looks.length > 0);
        const found = looks[which % looks.length];
        const altered = history.map((each) => (each.number === found?.number ? found : each));
        const { verdict, violations } = judge(altered);
        const shown = violations.map(({ operations }) => operations.map(({ number }) => number));
        expect(shown).toEqual([[found?.number]]);
        return verdict === 'wrong';
      }),
      { seed, numRuns: 60 },
    );
  });

  it('is wrong if a session was there after its last destroy, and two operations show it', () => {
    fc.assert(
      fc.property(rightHistories({ ...many, maxLength: 60 }), (history) => {
        const end = Math.max(...history.map(({ called }) => called)) + 100;
        const late = historyOf(
          ['p', end, end + 1, begin('late', { a: 1 }, { made: end - 1 })],
          ['p', end + 2, end + 3, destroy],
          ['q', end + 4, end + 5, get({ a: 1 })],
        );
        const unfinished = history.some(({ action, answer }) => 'begins' in action && answer === 'unknown');
        const replaced = history.some(
          ({ action, answer }) => action.type === 'replace' && answer === 'unknown',
        );
        fc.pre(history.length > 0 && !unfinished && !replaced);
        const { verdict, violations } = judge([...history, ...late]);
        expect(violations[0]?.operations.map(({ called }) => called)).toEqual([end + 2, end + 4]);
        return verdict === 'wrong';
      }),
      { seed, numRuns: 60 },
    );
  });
});
