import { SessionStore } from '@session-stores/core';
import { expect, it } from 'vitest';
import { LossyBackend } from './lossy-backend.js';
import { made } from './requests.js';

/** Ms that the first call waits for its connection. */
const opening = 300;

class SlowToOpen extends LossyBackend {
  async open(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, opening));
  }
}

it('a session does not live longer because its write had to wait', async () => {
  const backend = new SlowToOpen();
  const store = new SessionStore(backend);
  const session = made(store, 'a', {}, { maxAge: 60_000 });
  const expires = session.cookie.expires?.getTime() ?? Number.NaN;
  await store.set('a', session);
  expect((backend.rows.get('a')?.expiresAt ?? Number.NaN) - expires).toBeLessThan(opening / 2);
});
