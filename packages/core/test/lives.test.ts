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
    lives.lost('late', 'its birth');
    for (let count = 0; count < 1000; count++) {
      lives.saw(`id ${count}`, 'birth');
    }
    lives.cleared(lives.now());
    expect([lives.birthOf('late'), [...lives.lateBirths('late')]]).toEqual(['its birth', ['its birth']]);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    onTestFinished(() => void vi.restoreAllMocks());
    lives.saw('another', 'birth');
    lives.lost('another', 'birth');
    expect(lives.birthOf('late')).toBeUndefined();
  });

  it('know of every write that may come late, also where its id was forgotten meanwhile, until it is destroyed', () => {
    const lives = new Lives(60_000, 100);
    for (const birth of ['one', 'two']) {
      lives.saw('late', birth);
      for (let count = 0; count < 1000; count++) {
        lives.saw(`id ${count}`, 'birth');
      }
      lives.lost('late', birth);
    }
    lives.dying('late', lives.now(), undefined);
    expect([...lives.lateBirths('late')]).toEqual(['one', 'two']);
    lives.destroyed('late', lives.now());
    expect([...lives.lateBirths('late')]).toEqual([]);
  });

  it('do not take back what was destroyed after a clear or another destroy had been called', () => {
    const lives = new Lives();
    const [clear, destroy, made, second] = [lives.now(), lives.now(), lives.now(), lives.now()];
    lives.dying('a', second, 'birth');
    lives.cleared(clear);
    lives.destroyed('a', destroy);
    expect(lives.diedSince('a', made)).toBe(true);
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
