import { describe, expect, it } from 'vitest';
import { initial, type State, step } from '../../src/model/session-model.js';
import {
  type Asked,
  begin,
  destroy,
  get,
  historyOf,
  type Line,
  replace,
  save,
  touch,
  until,
  update,
} from './operations.js';

/** The states that there may be after these operations, one after another. */
function statesAfter(...lines: readonly Line[]): readonly State[] {
  return historyOf(...lines).reduce<readonly State[]>(
    (states, operation) => states.flatMap((state) => step(state, operation)),
    [initial],
  );
}

/** Whether these operations can be answered so, one a ms. */
function fits(...asked: readonly Asked[]): boolean {
  return statesAfter(...asked.map((each, at): Line => ['a', at, at + 0.5, each])).length > 0;
}

describe('the model of a session store', () => {
  it('answers that there is no session where none has begun', () => {
    expect(fits(get(undefined))).toBe(true);
    expect(fits(get({}))).toBe(false);
  });

  it('answers what a session began with', () => {
    expect(fits(begin('1', { user: 'ada' }), get({ user: 'ada' }))).toBe(true);
    expect(fits(begin('1', { user: 'ada' }), get(undefined))).toBe(false);
    expect(fits(begin('1', { user: 'ada' }), get({ user: 'eve' }))).toBe(false);
    expect(fits(begin('1', { user: 'ada' }), get({ user: 'ada', x: 1 }))).toBe(false);
    expect(fits(begin('1', { user: 'ada', x: 1 }), get({ user: 'ada' }))).toBe(false);
  });

  it('keeps what two requests write into different keys, and of one key what was written last', () => {
    const begun = [begin('1', { user: 'ada' }), get({ user: 'ada' }, '2'), get({ user: 'ada' }, '3')];
    const written = [...begun, save('2', { a: 1, x: 1 }), save('3', { b: 1, x: 2 })];
    expect(fits(...written, get({ user: 'ada', a: 1, b: 1, x: 2 }))).toBe(true);
    expect(fits(...written, get({ user: 'ada', b: 1, x: 2 }))).toBe(false);
    expect(fits(...written, get({ user: 'ada', a: 1, b: 1, x: 1 }))).toBe(false);
  });

  it('does not bring back a key that was deleted', () => {
    const begun = [begin('1', { flash: 'hi' }), get({ flash: 'hi' }, '2'), get({ flash: 'hi' }, '3')];
    const deleted = [...begun, save('2', { flash: undefined }), save('3', { a: 1 })];
    expect(fits(...deleted, get({ a: 1 }))).toBe(true);
    expect(fits(...deleted, get({ a: 1, flash: 'hi' }))).toBe(false);
  });

  it('drops the save and the touch of a session that was destroyed, and calls that a success', () => {
    const ended = [begin('1', {}), get({}, '2'), destroy];
    expect(fits(...ended, save('2', { a: 1 }), get(undefined))).toBe(true);
    expect(fits(...ended, save('2', { a: 1 }), get({ a: 1 }))).toBe(false);
    expect(fits(...ended, touch('2'), get(undefined))).toBe(true);
    expect(fits(...ended, touch('2'), get({}))).toBe(false);
    expect(fits(...ended, save('1', { a: 1 }), get({ a: 1 }))).toBe(false);
    expect(fits(begin('1', {}), destroy, begin('1', { a: 1 }), get({ a: 1 }))).toBe(false);
  });

  it('destroys what is not there', () => {
    expect(fits(destroy, destroy, get(undefined))).toBe(true);
  });

  it('lets another session begin under the id, into which nobody writes who knew the one before', () => {
    const other = [
      begin('1', { user: 'ada' }),
      get({ user: 'ada' }, '2'),
      destroy,
      begin('3', { user: 'eve' }),
    ];
    expect(fits(...other, save('2', { a: 1 }), get({ user: 'eve' }))).toBe(true);
    expect(fits(...other, save('2', { a: 1 }), get({ user: 'eve', a: 1 }))).toBe(false);
  });

  it('ends a session in whose place another begins', () => {
    const other = [begin('1', { user: 'ada' }), begin('2', { user: 'eve' })];
    expect(fits(...other, get({ user: 'eve' }))).toBe(true);
    expect(fits(...other, save('1', { a: 1 }), get({ user: 'eve', a: 1 }))).toBe(false);
  });

  it('lets a session begin or not that was made before the id was destroyed', () => {
    const made = begin('2', {}, { made: 0.2 });
    expect(fits(begin('1', {}), destroy, made, get({}))).toBe(true);
    expect(fits(begin('1', {}), destroy, made, get(undefined))).toBe(true);
    const madeLater = begin('2', {}, { made: 1.2 });
    expect(fits(begin('1', {}), destroy, madeLater, get(undefined))).toBe(false);
  });

  it('lets a failed save take its changes along with the next one, or not', () => {
    const failed: Line[] = [
      ['a', 0, 1, begin('1', {})],
      ['a', 2, 'never', save('1', { a: 1 })],
      ['a', 4, 5, save('1', { b: 1 }, { a: 1, b: 1 })],
    ];
    expect(statesAfter(...failed, ['a', 6, 7, get({ a: 1, b: 1 })])).not.toEqual([]);
    const without = failed.filter((_, index) => index !== 1);
    expect(statesAfter(...without, ['a', 6, 7, get({ b: 1 })])).not.toEqual([]);
    expect(statesAfter(...without, ['a', 6, 7, get({ a: 1 })])).toEqual([]);
  });

  it('replaces a session by a plain object, as the same session or as another', () => {
    const replaced = [begin('1', { user: 'ada' }), get({ user: 'ada' }, '2'), replace({ user: 'eve' })];
    expect(fits(replace({ user: 'eve' }), get({ user: 'eve' }))).toBe(true);
    expect(fits(...replaced, get({ user: 'eve' }))).toBe(true);
    expect(fits(...replaced, save('2', { a: 1 }), get({ user: 'eve', a: 1 }))).toBe(true);
    expect(fits(...replaced, save('2', { a: 1 }), get({ user: 'eve' }))).toBe(true);
    expect(fits(...replaced, save('2', { a: 1 }), get({ user: 'ada', a: 1 }))).toBe(false);
  });

  it('updates what is there in one step', () => {
    const counted = [begin('1', { n: 0 }), update([{ n: 0 }, { n: 1 }])];
    expect(fits(...counted, update([{ n: 1 }, { n: 2 }]), get({ n: 2 }))).toBe(true);
    expect(fits(...counted, update([{ n: 0 }, { n: 1 }]))).toBe(false);
    expect(fits(...counted, update([{ n: 0 }, { n: 1 }], [{ n: 1 }, { n: 2 }]), get({ n: 2 }))).toBe(true);
    expect(fits(update())).toBe(true);
    expect(fits(...counted, update())).toBe(false);
    expect(fits(...counted, destroy, update([{ n: 1 }, { n: 2 }]))).toBe(false);
  });

  it('tells an update that there is none if what it found ended while it ran, changed or not', () => {
    const none: Asked = [update([{ n: 0 }, { n: 1 }])[0], { session: undefined }];
    const begun: Line = ['p', 0, 1, begin('1', { n: 0 })];
    const updated: Line = ['q', 2, 20, none];
    const another: Line = ['p', 5, 6, begin('2', { n: 7 }, { made: 4 })];
    const fitsAfter = (...lines: Line[]) => statesAfter(begun, ...lines).length > 0;
    expect(fitsAfter(['p', 1.5, 1.8, destroy], updated)).toBe(true);
    expect(fitsAfter(updated)).toBe(true);
    expect(fitsAfter(updated, ['p', 10, 11, get({ n: 1 })], ['p', 12, 13, destroy])).toBe(true);
    expect(fitsAfter(updated, ['p', 10, 11, get({ n: 0 })])).toBe(false);
    expect(fitsAfter(updated, ['p', 21, 22, get({ n: 1 })])).toBe(false);
    expect(fitsAfter(updated, another, ['p', 21, 22, get({ n: 7 })])).toBe(true);
    const found = (line: Line) => statesAfter(begun, another, line).map(({ data }) => data);
    expect(found(updated)).toEqual([{ n: '7' }]);
    expect(found(['q', 7, 20, none])).toEqual([]);
    expect(fitsAfter(['q', 2, 20, [update()[0], { session: undefined }]])).toBe(false);
  });

  it('knows of an update without an answer that any of its runs may count', () => {
    const line: Line = ['a', 2, 'never', update([{ n: 0 }, { n: 1 }], [{ n: 9 }, { n: 10 }])];
    expect(statesAfter(['a', 0, 1, begin('1', { n: 0 })], line).map(({ data }) => data)).toEqual([
      { n: '1' },
    ]);
  });

  it('ends a session on time', () => {
    const begun: Line = ['a', 0, 1, begin('1', {}, { deadline: until(100) })];
    expect(statesAfter(begun, ['a', 90, 95, get({})])).not.toEqual([]);
    expect(statesAfter(begun, ['a', 90, 95, get(undefined)])).toEqual([]);
    expect(statesAfter(begun, ['a', 99, 102, get(undefined)])).not.toEqual([]);
    expect(statesAfter(begun, ['a', 110, 111, get({})])).toEqual([]);
    expect(statesAfter(begun, ['a', 110, 111, get(undefined)], ['a', 112, 113, get({})])).toEqual([]);
  });

  it('puts the end off by a touch or a save, and sets it only if the lifetime was changed', () => {
    const begun: Line = ['a', 0, 1, begin('1', {}, { deadline: until(100) })];
    const later: Line = ['a', 50, 51, touch('1', until(150))];
    expect(statesAfter(begun, later, ['a', 120, 121, get({})])).not.toEqual([]);
    expect(statesAfter(begun, later, ['a', 120, 121, get(undefined)])).toEqual([]);
    expect(
      statesAfter(begun, later, ['a', 52, 53, touch('1', until(90))], ['a', 120, 121, get(undefined)]),
    ).toEqual([]);
    const sooner: Line = ['a', 52, 53, touch('1', until(90, true))];
    expect(statesAfter(begun, later, sooner, ['a', 120, 121, get({})])).toEqual([]);
    expect(statesAfter(begun, later, sooner, ['a', 120, 121, get(undefined)])).not.toEqual([]);
  });

  it('counts a lifetime from any moment between call and answer', () => {
    const begun: Line = ['a', 0, 40, begin('1', {}, { deadline: until(100) })];
    expect(statesAfter(begun, ['a', 130, 131, get({})])).not.toEqual([]);
    expect(statesAfter(begun, ['a', 130, 131, get(undefined)])).not.toEqual([]);
    expect(statesAfter(begun, ['a', 150, 151, get({})])).toEqual([]);
  });

  it('lets a store hide what it has failed to destroy', () => {
    const operations = historyOf(['a', 0, 1, begin('1', {})], ['a', 2, 3, get(undefined)]);
    const [begun, looked] = operations as [(typeof operations)[0], (typeof operations)[0]];
    const [state = initial] = step(initial, begun);
    expect(step(state, looked)).toEqual([]);
    expect(step(state, { ...looked, mayHide: true })).toEqual([state]);
  });
});
