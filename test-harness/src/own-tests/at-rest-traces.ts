import { inspect } from 'node:util';
import type { SessionStore, SessionStoreEvents } from '@session-stores/core';
import type { SessionData } from 'express-session';

/** The id of a browser and what it keeps secret, which a storage, an event or an error may or may not show. */
export const browserId = 'id-of-a-browser-3f1c9a77-GrUeSsE';
export const secretOfAnn = 'the secret of ann, 4711';

const events = Object.keys({
  created: 0,
  loaded: 0,
  saved: 0,
  touched: 0,
  destroyed: 0,
  dropped: 0,
  conflict: 0,
  retry: 0,
  gaveUp: 0,
  breakerOpened: 0,
  breakerClosed: 0,
  evicted: 0,
  storeError: 0,
  disconnect: 0,
  connect: 0,
} satisfies Record<keyof SessionStoreEvents, 0>);

/** What a text shows, in whatever of the usual forms. */
export function shown(text: string): { id: boolean; secret: boolean } {
  const shows = (what: string): boolean =>
    [what, ...(['hex', 'base64', 'base64url'] as const).map((form) => coreOf(what, form))].some((form) =>
      text.includes(form),
    );
  return { id: shows(browserId), secret: shows(secretOfAnn) };
}

/** The encoded text without what depends on its neighbours. */
function coreOf(text: string, form: 'hex' | 'base64' | 'base64url'): string {
  return Buffer.from(text).toString(form).slice(0, -4);
}

/**
 * Lets sessions of `store` live, be in conflict, fail and be destroyed, and leaves one alive and one destroyed. Resolves to all
 * that its events and errors told. `foreign`: a store on the same storage that has other keys.
 */
export async function liveThrough(store: SessionStore, foreign: SessionStore): Promise<string> {
  const told: unknown[] = [];
  for (const each of [store, foreign]) {
    for (const name of events) each.on(name, (...payload) => told.push(name, ...payload));
  }
  const failing = async (call: Promise<unknown>): Promise<void> => {
    await call.then(
      () => told.push('no error'),
      (error) => told.push(error),
    );
  };
  const session = (more: object = {}): SessionData =>
    ({ cookie: { originalMaxAge: 600_000 }, secret: secretOfAnn, ...more }) as unknown as SessionData;
  const get = async (id: string): Promise<SessionData> => (await store.get(id)) as SessionData;

  await store.set(browserId, session());
  await store.update(browserId, (stored) => void Object.assign(stored, { n: 1 }));
  const [one, other, third] = [await get(browserId), await get(browserId), await get(browserId)];
  await store.set(browserId, Object.assign(one, { x: 1 }));
  await store.set(browserId, Object.assign(other, { y: secretOfAnn }));
  await store.touch(browserId, third);
  const destroyed = `${browserId} too`;
  await store.set(destroyed, session());
  const late = await get(destroyed);
  await store.destroy(destroyed);
  await store.set(destroyed, Object.assign(late, { z: 1 }));
  await store.touch(destroyed, late);
  await failing(store.set(browserId, session({ long: secretOfAnn.repeat(100_000) })));
  const circular: Record<string, unknown> = {};
  circular.itself = circular;
  await failing(store.set(browserId, session({ circular })));
  await failing(store.get(`${browserId}\0`));
  await failing(foreign.get(browserId));
  await failing(foreign.all());
  await failing(foreign.update(browserId, () => {}));
  const [listed] = await store.ids();
  await failing(store.get(listed as string));
  return inspect(told, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null });
}
