import { beforeEach, describe, expect, it } from 'vitest';
import type { ApplicationProcess } from '../src/soak/application-handle.js';
import type { Reply } from '../src/soak/caller.js';
import type { Note } from '../src/soak/note.js';
import { Story } from '../src/soak/story.js';

const [p1, p2, p3] = ['p1.1', 'p2.1', 'p3.1'].map((name) => ({ name }) as ApplicationProcess) as [
  ApplicationProcess,
  ApplicationProcess,
  ApplicationProcess,
];

const found: Reply = { status: 200, body: { user: 1, login: 2 }, cookie: undefined };
const none: Reply = { status: 401, body: {}, cookie: undefined };
const refused: Reply = { status: 503, body: {}, cookie: undefined };

let now: number;
let accusations: string[];
let story: Story;
let note: Note;

beforeEach(() => {
  now = 0;
  accusations = [];
  const clock = {
    get now() {
      return ++now;
    },
    from: (epoch: number) => epoch,
  };
  const court = {
    clock,
    accuse: (kind: string, _story: Story, what: string) => accusations.push(`${kind}: ${what}`),
  };
  story = new Story({ id: 'an id', cookie: 'soak.sid=an id', user: 1, login: 2 }, court as never);
  note = story.newNote();
});

/** Somebody looks at the session, from now on and at once. */
function look(process: ApplicationProcess, value: number | undefined, count = 0): void {
  const asked = story.asking('look', process);
  expect(story.heard(asked, found)).toBe('found');
  story.showed(asked, value === undefined ? {} : { k0: value }, count);
}

function write(value: 'a value' | 'nothing' = 'a value'): number {
  const version = note.next(value === 'nothing');
  story.stored(note, version);
  return version;
}

describe('what the oracle demands of a session', () => {
  it('is all that was acknowledged before one asked', () => {
    write();
    look(p1, 1);
    write();
    look(p2, 1);
    look(p2, undefined);
    expect(accusations).toEqual([
      'lostWrites: k0 should be 2 and is 1',
      'lostWrites: k0 should be 2 and is nothing',
    ]);
  });

  it('is what was stored when one asked, or anything tried since', () => {
    write();
    const asked = story.asking('look', p1);
    write();
    for (const k0 of [1, 2]) story.showed(asked, { k0 }, 0);
    expect(accusations).toEqual([]);
  });

  it('may be an attempt whose outcome is unknown, until a later one is acknowledged', () => {
    write();
    note.next(false);
    look(p1, 1);
    look(p1, 2);
    write();
    look(p1, 2);
    expect(accusations).toEqual(['lostWrites: k0 should be 3 and is 2']);
  });

  it('is what somebody has seen', () => {
    note.next(false);
    look(p1, undefined);
    look(p2, 1);
    look(p1, undefined);
    expect(accusations).toEqual(['lostWrites: k0 should be 1 and is nothing']);
  });

  it('is that a key is gone that was taken away, until it is written again', () => {
    write();
    write('nothing');
    look(p1, 1);
    look(p1, undefined);
    note.next(false);
    look(p1, undefined);
    look(p1, 3);
    look(p1, 2);
    expect(accusations).toEqual([
      'lostWrites: k0 should be nothing and is 1',
      'lostWrites: k0 should be 3 and is 2',
    ]);
  });

  it('is every addition, each with a result of its own', () => {
    story.countedTo(story.askingToCount(p1), 1);
    story.countedTo(story.askingToCount(p1), 1);
    expect(accusations).toEqual([
      'miscounted: two additions were answered with 1',
      'miscounted: it should be 2 to 2 and is 1',
    ]);
    accusations.length = 0;
    story.askingToCount(p1);
    look(p1, undefined, 2);
    look(p1, undefined, 3);
    expect(accusations).toEqual([]);
    look(p1, undefined, 4);
    look(p1, undefined, 1);
    expect(accusations).toEqual([
      'miscounted: it should be 2 to 3 and is 4',
      'miscounted: it should be 2 to 3 and is 1',
    ]);
  });

  it('is that it is there, as long as nobody has tried to end it', () => {
    expect(story.heard(story.asking('look', p1), refused)).toBe('unknown');
    expect(story.heard(story.asking('look', p1), undefined)).toBe('unknown');
    expect(accusations).toEqual([]);
    expect(story.heard(story.asking('look', p1), none)).toBe('none');
    expect(accusations).toEqual(['lostSessions: p1.1 did not find it for look']);
  });

  it('is nothing more of what is acknowledged after somebody has tried to end it', () => {
    const asked = story.askingForEnd('logout', p1);
    write();
    story.heard(asked, refused);
    look(p2, undefined);
    expect(accusations).toEqual([]);
  });

  it('is that nobody finds it who has asked after its end', () => {
    const early = story.asking('look', p2);
    story.askingForEnd('logout', p1);
    story.ended();
    story.heard(early, found);
    expect(accusations).toEqual([]);
    story.heard(story.asking('look', p2), found);
    expect(accusations).toEqual(['aliveAfterLogout: p2.1 found it for look']);
  });

  it('is the same when a process does not find it that has no reason to hide it', () => {
    story.heard(story.askingForEnd('logout', p1), refused);
    story.heard(story.asking('look', p1), none);
    story.heard(story.asking('look', p2), found);
    expect(accusations).toEqual([]);
    story.heard(story.asking('look', p3), none);
    story.heard(story.asking('look', p2), found);
    expect(accusations).toEqual(['aliveAfterLogout: p2.1 found it for look']);
  });

  it('is that it is nobody else’s', () => {
    const other = { ...found, body: { user: 9, login: 2 } };
    expect(story.heard(story.asking('look', p1), other)).toBe('unknown');
    expect(accusations).toEqual(['strangers: look was answered for user 9, login 2']);
  });

  it('is that a new login finds it and ends it', () => {
    story.askingForEnd('login again', p1);
    story.replaced(undefined, p1);
    expect(story.hasEnded).toBe(false);
    expect(accusations).toEqual(['lostSessions: p1.1 did not find it for a new login in its place']);
    story.replaced(2, p1);
    expect(story.hasEnded).toBe(true);
  });
});

describe('a session in a report', () => {
  it('is named by its hash, and its id is nowhere', () => {
    story.heard(story.asking('write k0 = 1', p1), found);
    expect(story.name).toMatch(/^[0-9a-f]{12}$/);
    expect(story.lines()).toEqual(['   0.001 to    0.002  p1.1   write k0 = 1: 200 {}']);
  });
});
