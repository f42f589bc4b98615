import { expect, it } from 'vitest';
import { isoText } from '../dist/iso-time.js';

const dayLong = 86_400_000;

/** From one of them to the next it is now the same day, now another. */
const times = [
  ...[0, 1, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, dayLong - 1, dayLong, dayLong + 1, -1, -dayLong],
  ...[0.5, -0.5, 1_700_000_000_000.7, 8.64e15, -8.64e15, 253_402_300_799_999, 253_402_300_800_000],
  ...Array.from({ length: 2000 }, (_, index) => 1_790_000_000_000 + index * 61_007),
  ...Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? 1 : -1) * index ** 4 * 500),
];

it('tells a time as Date does', () => {
  for (const time of times) {
    expect(isoText(time)).toBe(new Date(time).toISOString());
    expect(isoText(time)).toBe(new Date(time).toISOString());
  }
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1])('refuses what is no time: %d', (time) => {
  expect(() => isoText(time)).toThrow(RangeError);
});
