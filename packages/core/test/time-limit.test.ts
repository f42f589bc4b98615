import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Limited, TimeLimit } from '../src/time-limit.js';

class Item extends Limited {
  readonly name: string;
  readonly ended: string[];

  constructor(name: string, ended: string[]) {
    super();
    this.name = name;
    this.ended = ended;
  }

  timeUp(): void {
    this.ended.push(this.name);
  }
}

function started(length: number): { limit: TimeLimit; ended: string[]; start: (name: string) => Item } {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const limit = new TimeLimit(length);
  const ended: string[] = [];
  const start = (name: string): Item => {
    const item = new Item(name, ended);
    limit.start(item);
    return item;
  };
  return { limit, ended, start };
}

describe('TimeLimit', () => {
  it('ends each when its own time is up, with one timer for all', () => {
    const { ended, start } = started(100);
    start('a');
    vi.advanceTimersByTime(40);
    start('b');
    start('c');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(59);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(['a']);
    vi.advanceTimersByTime(39);
    expect(ended).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(['a', 'b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not end what has ended by itself, wherever it is in the row, once or twice', () => {
    for (const over of ['a', 'b', 'c', 'ab', 'bc', 'ac', 'abc']) {
      const { limit, ended, start } = started(100);
      const items = [start('a'), start('b'), start('c')];
      for (const item of items.filter(({ name }) => over.includes(name))) {
        limit.end(item);
        limit.end(item);
      }
      start('d');
      vi.advanceTimersByTime(100);
      expect(ended, over).toEqual([...'abcd'].filter((name) => !over.includes(name)));
    }
  });

  it('gives what begins on the timer of another all of its time', () => {
    const { limit, ended, start } = started(100);
    limit.end(start('a'));
    vi.advanceTimersByTime(90);
    start('b');
    vi.advanceTimersByTime(99);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(['b']);
  });

  it('goes on with the others when one begins or ends another', () => {
    const { limit, ended, start } = started(100);
    const a = start('a');
    const b = start('b');
    start('c');
    a.timeUp = () => {
      limit.end(b);
      start('d');
    };
    vi.advanceTimersByTime(100);
    expect(ended).toEqual(['c']);
    vi.advanceTimersByTime(100);
    expect(ended).toEqual(['c', 'd']);
  });

  it('keeps the process for what is running, and for nothing else', () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const limit = new TimeLimit(60_000);
    const before = timers();
    const one = new Item('one', []);
    const two = new Item('two', []);
    limit.start(one);
    limit.start(two);
    expect(timers()).toBe(before + 1);
    limit.end(one);
    expect(timers()).toBe(before + 1);
    limit.end(two);
    expect(timers()).toBe(before);
    limit.start(one);
    expect(timers()).toBe(before + 1);
    limit.end(one);
  });

  it('keeps no timer after the last, and none when that has begun already', () => {
    const { limit, start } = started(100);
    limit.end(start('a'));
    expect(vi.getTimerCount()).toBe(1);
    limit.last();
    expect(vi.getTimerCount()).toBe(0);
    const item = start('b');
    expect(vi.getTimerCount()).toBe(1);
    limit.end(item);
    expect(vi.getTimerCount()).toBe(0);
  });
});
