import { SessionStore } from '@session-stores/core';
import { describe, expect, it } from 'vitest';
import { insertOf, LossyBackend } from './lossy-backend.js';
import { loaded, made, sessionOf } from './requests.js';

describe('what the store knows of a session', () => {
  it('shows up nowhere in the user’s data', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const session = made(store, 'a', { n: 1 });
    await store.set('a', session);
    const again = await loaded(store, 'a');
    for (const each of [session, again]) {
      expect(Object.keys(each).sort()).toEqual(['cookie', 'n']);
      expect(Object.getOwnPropertySymbols(each)).toEqual([]);
      expect(Object.getOwnPropertySymbols(each.cookie)).toEqual([]);
    }
    expect(Object.keys(JSON.parse(backend.rows.get('a')?.data ?? '')).sort()).toEqual(['cookie', 'n']);
    expect(Reflect.ownKeys((await store.get('a')) as object).sort()).toEqual(['cookie', 'n']);
  });

  it('is kept by a spread copy: a destroyed session does not come back by it', async () => {
    const store = new SessionStore(new LossyBackend());
    await store.set('a', made(store, 'a', { n: 1 }));
    const copy = { ...(await loaded(store, 'a')), late: true };
    await store.destroy('a');
    await store.set('a', copy as never);
    expect(await store.get('a')).toBeUndefined();
  });

  it('is kept by a spread copy: it is merged', async () => {
    const store = new SessionStore(new LossyBackend());
    await store.set('a', made(store, 'a', { n: 1 }));
    const copy = { ...(await loaded(store, 'a')), mine: true };
    await store.update('a', (session) => void Object.assign(session, { theirs: true }));
    await store.set('a', copy as never);
    expect(await sessionOf(store, 'a')).toEqual({ n: 1, mine: true, theirs: true });
  });

  it('holds for its own id only', async () => {
    const store = new SessionStore(new LossyBackend());
    await store.set('a', made(store, 'a', { n: 1 }));
    await store.set('b', (await loaded(store, 'a')) as never);
    expect(await sessionOf(store, 'b')).toEqual({ n: 1 });
    await store.destroy('a');
    expect(await sessionOf(store, 'b')).toEqual({ n: 1 });
  });

  it('is kept by what get and update give, without createSession', async () => {
    const store = new SessionStore(new LossyBackend());
    await store.set('a', made(store, 'a', { n: 1 }));
    const got = await store.get('a');
    const updated = await store.update('a', (session) => structuredClone({ ...session, n: 2 }));
    await store.destroy('a');
    await store.set('a', Object.assign(got as never, { late: true }));
    await store.set('a', Object.assign(updated as never, { late: true }));
    expect(await store.get('a')).toBeUndefined();
  });

  it('includes what regenerate made: it is new, whatever is destroyed meanwhile', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', made(store, 'a', { n: 1 }));
    let ids = 0;
    const generate = store.generate;
    store.generate = (request) => {
      generate?.(request);
      request.sessionID = `next ${++ids}`;
    };
    // biome-ignore lint/suspicious/noExplicitAny: what express-session passes, without the request
    const request = { sessionID: 'a', sessionStore: store } as any;
    await new Promise((resolve) => store.regenerate(request, resolve));
    expect(request.sessionID).toBe('next 1');
    backend.calls.length = 0;
    await store.set('next 1', request.session);
    // An insert, without a read: only a plain object would need one.
    expect(backend.calls).toEqual(['write 1']);
    expect([...backend.rows.keys()]).toEqual(['next 1']);
  });
});

describe('a plain object', () => {
  it('makes a session, or takes the place of the whole one that is there', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', { cookie: {}, n: 1, gone: true } as never);
    await store.set('a', { cookie: {}, n: 2 } as never);
    expect(await sessionOf(store, 'a')).toEqual({ n: 2 });
  });

  it('is never written blindly: what another process writes meanwhile is met', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    const conflicts: unknown[] = [];
    store.on('conflict', (event) => conflicts.push(event));
    await store.set('a', { cookie: {}, n: 1 } as never);
    backend.beforeEffect = (primitive) => {
      if (primitive === 'write') {
        backend.beforeEffect = undefined;
        const row = backend.rows.get('a');
        backend.rows.set('a', { ...row, revision: `theirs-00000${row?.revision}` } as never);
      }
    };
    await store.set('a', { cookie: {}, n: 2 } as never);
    expect(await sessionOf(store, 'a')).toEqual({ n: 2 });
    expect(conflicts).toHaveLength(1);
  });

  it('does not bring back what was destroyed between its read and its write', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    await store.set('a', { cookie: {}, n: 1 } as never);
    backend.beforeEffect = (primitive) => {
      if (primitive === 'write') {
        backend.rows.delete('a');
      }
    };
    await store.set('a', { cookie: {}, n: 2 } as never);
    expect(backend.rows.size).toBe(0);
  });

  it('mends a record that cannot be read', async () => {
    const backend = new LossyBackend();
    const store = new SessionStore(backend);
    backend.applyWrite({ ...insertOf('a', {}), data: 'no JSON' });
    await store.set('a', { cookie: {}, n: 1 } as never);
    expect(await sessionOf(store, 'a')).toEqual({ n: 1 });
  });

  it.for([undefined, null, 5, 'text', []])('is an object: %j is INVALID_SESSION', async (session) => {
    const store = new SessionStore(new LossyBackend());
    await expect(store.set('a', session as never)).rejects.toMatchObject({ code: 'INVALID_SESSION' });
  });

  it('that cannot be serialized is INVALID_SESSION, and not thrown', async () => {
    const store = new SessionStore(new LossyBackend());
    const circular: Record<string, unknown> = { cookie: {} };
    circular.self = circular;
    for (const session of [circular, { cookie: {}, n: 1n }]) {
      await expect(store.set('a', session as never)).rejects.toMatchObject({
        code: 'INVALID_SESSION',
        cause: expect.any(TypeError),
      });
    }
  });
});
