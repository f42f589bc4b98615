import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Lives } from '../src/lives.js';

describe('Lives', () => {
  it('remember what was met last, and are bounded', () => {
    const lives = new Lives(60_000, 100);
    for (let count = 0; count < 1000; count++) {
      lives.saw(`id ${count}`, 'birth');
    }
    const known = Array.from({ length: 1000 }, (_, count) => lives.birthOf(`id ${count}`) !== undefined);
    expect(known.slice(-100)).not.toContain(false);
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(200);
  });

  it('know for a while what may come late, whatever was met or cleared since', () => {
    const lives = new Lives(60_000, 100);
    lives.saw('late', 'its birth');
    lives.lost('late');
    for (let count = 0; count < 1000; count++) {
      lives.saw(`id ${count}`, 'birth');
    }
    lives.cleared(lives.now());
    expect([lives.birthOf('late'), lives.mayComeLate('late')]).toEqual(['its birth', true]);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    onTestFinished(() => void vi.restoreAllMocks());
    lives.saw('another', 'birth');
    lives.lost('another');
    expect(lives.birthOf('late')).toBeUndefined();
  });

  it('know of a destroy, whatever was met since within the bound', () => {
    const lives = new Lives(60_000, 100);
    lives.saw('dead', 'its birth');
    const moment = lives.now();
    for (let count = 0; count < 100; count++) {
      lives.saw(`id ${count}`, 'birth');
    }
    lives.destroyed('dead', lives.now());
    for (let count = 100; count < 199; count++) {
      lives.saw(`id ${count}`, 'birth');
    }
    expect(lives.diedSince('dead', moment)).toBe(true);
    expect(lives.birthOf('dead')).toBeUndefined();
    lives.cleared(lives.now());
    expect(lives.birthOf('id 198')).toBeUndefined();
    expect(lives.diedSince('id 198', moment)).toBe(true);
  });
});
