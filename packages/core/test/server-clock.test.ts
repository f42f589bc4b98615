import { describe, expect, it } from 'vitest';
import { ServerClock } from '../src/server-clock.js';

describe('the clock of a server', () => {
  it('is known as well as the fastest reply told, whatever slower ones say', () => {
    const clock = new ServerClock();
    clock.observe(1_000, 5_500, 1_900); // Between 4,500 and 3,600 ahead.
    clock.observe(2_000, 6_002, 2_004); // Between 4,002 and 3,998 ahead.
    clock.observe(3_000, 7_900, 4_000);
    expect(clock.uncertainty).toBe(4);
    expect(clock.toLocal(10_000)).toBe(6_000);
  });

  it('is not forgotten for a slow reply, because our own clock tells whole ms only', () => {
    const clock = new ServerClock();
    clock.observe(2_000, 2_000.5, 2_000);
    clock.observe(5_000, 5_000.1, 5_010);
    expect(clock.toLocal(10_000)).toBe(10_000);
  });

  it('is learned anew when it was set', () => {
    const clock = new ServerClock();
    clock.observe(1_000, 5_001, 1_002);
    clock.observe(2_000, 2_001, 2_002);
    expect(clock.toLocal(10_000)).toBe(10_000);
  });
});
