import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

const quick = { retry: { minTimeout: 1, maxTimeout: 5, attemptTimeout: 50 }, operationTimeout: 2000 };

/** Runs once, between the arrival of the next write and its effect. */
function beforeNextWrite(backend: LossyBackend, happens: () => void): void {
  backend.beforeEffect = (primitive) => {
    if (primitive === 'write') {
      backend.beforeEffect = undefined;
      happens();
    }
  };
}

/** So many writes of another process, one on top of the other. */
async function writesOfAnother(backend: LossyBackend, count: number): Promise<void> {
  const other = new SessionStore(backend);
  for (let i = 0; i < count; i++) {
    await other.update('a', (session) => void Object.assign(session, { theirs: i }));
  }
}

describe('a new session', () => {
  it('replaces the live session of another birth, and does not merge with it', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite(insertOf('a', { user: 'ann', secret: 1 }));
    const slow = await loaded(store, 'a');
    await store.set('a', made(store, 'a', { user: 'bob' }));
    await store.set('a', Object.assign(slow, { late: true }));
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('replaces whatever other births take the id between its attempts', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    let writes = 0;
    backend.beforeEffect = (primitive) => {
      if (primitive === 'write' && ++writes <= 3) {
        backend.rows.delete('a');
        backend.applyWrite(insertOf('a', { user: `number ${writes}` }));
      }
    };
    await store.set('a', made(store, 'a', { user: 'bob' }));
    expect(writes).toBe(4);
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('is saved although the session that it was to replace ends meanwhile', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    let writes = 0;
    backend.beforeEffect = (primitive) => {
      if (primitive === 'write' && ++writes === 2) {
        backend.rows.delete('a');
      }
    };
    await store.set('a', made(store, 'a', { user: 'bob' }));
    expect(writes).toBe(3);
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('is not brought back if it ends itself after it has replaced another, and its reply was lost', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    backend.applyWrite(insertOf('a', { user: 'ann' }));
    backend.fates.push('deliver', 'lose reply');
    store.once('retry', () => {
      const birth = backend.rows.get('a')?.birth ?? '';
      backend.rows.delete('a');
      backend.graves.set('a', birth);
    });
    await store.set('a', made(store, 'a', { user: 'bob' }));
    expect(backend.rows.size).toBe(0);
  });

  it('is not brought back if it ends before its reply is known, and another has had the id since', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    backend.fates.push('lose reply');
    store.once('retry', () => {
      backend.rows.delete('a');
      // Of the other; there is room for one.
      backend.graves.set('a', 'another birth');
    });
    const saved = store.set('a', made(store, 'a', { user: 'bob' }));
    await expect(saved).rejects.toMatchObject({ code: 'AMBIGUOUS' });
    expect(backend.rows.size).toBe(0);
  });

  it('is not brought back by a later save of it either', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.fates.push('lose reply');
    const session = made(store, 'a', { user: 'bob' });
    await expect(store.set('a', session)).rejects.toThrow();
    backend.rows.delete('a');
    backend.graves.set('a', 'another birth');
    await expect(store.set('a', session)).rejects.toMatchObject({ code: 'AMBIGUOUS' });
    expect(backend.rows.size).toBe(0);
  });

  it('is inserted where another was before, if its request was never sent', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    backend.graves.set('a', 'another birth');
    await store.set('a', made(store, 'a', { user: 'bob' }));
    expect(await sessionOf(store, 'a')).toEqual({ user: 'bob' });
  });

  it('is inserted once when the reply was lost, with another writer in between', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    backend.fates.push('lose reply');
    const saved = store.set('a', made(store, 'a', { n: 1 }));
    await new Promise((resolve) => store.once('retry', resolve));
    await writesOfAnother(backend, 3);
    await saved;
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, theirs: 2 });
  });
});

describe('update', () => {
  it('runs its function again on what is stored after a conflict, and once only after a lost reply', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    backend.applyWrite(insertOf('a', { n: 1 }));
    let runs = 0;
    const add = (session: object) => {
      runs++;
      (session as { n: number }).n++;
    };
    beforeNextWrite(backend, () => {
      const row = backend.rows.get('a');
      backend.rows.set('a', { ...row, data: '{"n":10}', revision: `theirs-00000${row?.revision}` } as never);
    });
    expect(await store.update('a', add)).toMatchObject({ n: 11 });
    expect(runs).toBe(2);
    runs = 0;
    backend.fates.push('deliver', 'lose reply');
    expect(await store.update('a', add)).toMatchObject({ n: 12 });
    expect(runs).toBe(1);
    expect(await sessionOf(store, 'a')).toEqual({ n: 12 });
  });

  it.for([
    [8, 'written'],
    [9, 'AMBIGUOUS'],
  ] as const)('with a lost reply and %i writes in between is %s', async ([writes, expected]) => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend, quick);
    backend.applyWrite(insertOf('a', { n: 1 }));
    backend.fates.push('deliver', 'lose reply');
    let arrivals = 0;
    backend.beforeEffect = (primitive) => {
      if (primitive === 'write' && ++arrivals === 2) {
        for (let i = 0; i < writes; i++) {
          const row = backend.rows.get('a');
          const revision = `${i}`.padStart(12, 'w') + row?.revision.slice(0, 96);
          backend.rows.set('a', { ...row, revision } as never);
        }
      }
    };
    let runs = 0;
    const updated = store.update('a', (session) => {
      runs++;
      (session as unknown as { n: number }).n++;
    });
    const outcome = await updated.then(
      () => 'written',
      ({ code }) => code,
    );
    expect(outcome).toBe(expected);
    expect(runs).toBe(1);
    expect(await sessionOf(store, 'a')).toEqual({ n: 2 });
  });

  it('names up to eight ancestors in the revision, newest first', async () => {
    const backend = new LossyBackend();
    backend.applyWrite(insertOf('a', {}));
    const revisions: string[] = [backend.rows.get('a')?.revision ?? ''];
    for (let i = 0; i < 10; i++) {
      await new SessionStore(backend).update('a', (session) => void Object.assign(session, { i }));
      revisions.unshift(backend.rows.get('a')?.revision ?? '');
    }
    expect(revisions[0]).toBe(
      revisions
        .slice(0, 9)
        .map((revision) => revision.slice(0, 12))
        .join(''),
    );
  });

  it('does not call its function when there is no session, and resolves to undefined', async () => {
    const store = new SessionStore(new LossyBackend());
    let runs = 0;
    expect(await store.update('a', () => void runs++)).toBeUndefined();
    expect(runs).toBe(0);
  });

  it('takes what its function returns, may be async, and writes nothing if nothing changed', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite(insertOf('a', { n: 1 }));
    await store.update('a', async (session) => ({ ...session, m: 2 }) as never);
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, m: 2 });
    backend.calls.length = 0;
    expect(await store.update('a', () => {})).toMatchObject({ n: 1 });
    expect(backend.calls).toEqual(['read 1']);
  });

  it('fails with what its function throws, and changes nothing', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite(insertOf('a', { n: 1 }));
    const mine = new Error('of the application');
    const throwing = () => {
      throw mine;
    };
    await expect(store.update('a', throwing)).rejects.toBe(mine);
    await expect(store.update('a', () => Promise.reject(mine))).rejects.toBe(mine);
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
  });

  it('does not bring back a session that is destroyed while its function runs', async () => {
    const backend = new LossyBackend();
    const [store, other] = [new SessionStore(backend), new SessionStore(backend)];
    backend.applyWrite(insertOf('a', { n: 1 }));
    const updated = store.update('a', async (session) => {
      await other.destroy('a');
      Object.assign(session, { n: 2 });
    });
    expect(await updated).toBeUndefined();
    expect(backend.rows.size).toBe(0);
  });
});

describe('a record that a foreign store wrote', () => {
  const foreign = { id: 'a', data: '{"cookie":{},"n":1}', birth: undefined, expiresAt: Date.now() + 60_000 };

  it.each([7, 9, 40])('is still the same session after %i changes of others', async (count) => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.rows.set('a', { ...foreign, revision: 'x'.repeat(24) });
    const slow = await loaded(store, 'a');
    await writesOfAnother(backend, count);
    await store.set('a', Object.assign(slow, { mine: 1 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, theirs: count - 1, mine: 1 });
  });
  // As long as a hash: not a multiple of the length of a name.
  const hash = (first: string) => first.repeat(43);

  it('is given a birth by the first write, and requests from before that still merge', async () => {
    const backend = new LossyBackend();
    const [store, other] = [new SessionStore(backend), new SessionStore(backend)];
    backend.rows.set('a', { ...foreign, revision: hash('x') });
    const [one, two] = [await loaded(store, 'a'), await loaded(other, 'a')];
    await store.set('a', Object.assign(one, { one: 1 }));
    await other.set('a', Object.assign(two, { two: 2 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, one: 1, two: 2 });
    expect(backend.rows.get('a')?.birth).toMatch(/^[\w-]{16}$/);
  });

  it('that took the place of ours is merged into', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', { n: 1 }));
    const session = await loaded(store, 'a');
    backend.rows.set('a', { ...foreign, revision: hash('y'), data: '{"cookie":{},"n":1,"theirs":1}' });
    await store.set('a', Object.assign(session, { mine: 1 }));
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, theirs: 1, mine: 1 });
  });
});

describe('onConflict', () => {
  it.for([undefined, 5, null, 'text', []])(
    'as a function that returns %j is INVALID_SESSION, and nothing is written',
    async (result) => {
      const backend = new LossyBackend();
      const store = new SessionStore(backend, { onConflict: () => result });
      backend.applyWrite(insertOf('a', { n: 1 }));
      const session = await loaded(store, 'a');
      await writesOfAnother(backend, 1);
      await expect(store.set('a', Object.assign(session, { n: 2 }))).rejects.toMatchObject({
        code: 'INVALID_SESSION',
      });
      expect(await sessionOf(store, 'a')).toEqual({ n: 1, theirs: 0 });
    },
  );
});
