import { recordName, type SessionStore } from '@session-stores/core';
import { Router } from 'express';
import type { EventLog } from './event-log.js';

/**
 * All sessions and what happens to them. It stands before the session middleware, so that looking on keeps nobody's session
 * alive. In a real application only an operator may come here.
 */
export function operatorRoutes(store: SessionStore, events: EventLog): Router {
  const router = Router();

  router.get('/events', (request, response) => events.stream(request, response));

  router.get('/sessions', async (_request, response) => {
    const sessions = await store.all();
    response.json(
      sessions
        .filter(({ user }) => user !== undefined)
        .map(({ id, user, device, loggedInAt, cart, cookie }) => ({
          record: recordName(id),
          user,
          device,
          loggedInAt,
          items: Object.values(cart ?? {}).reduce((sum, count) => sum + count, 0),
          expires: cookie.expires,
        }))
        .sort((one, other) => (one.loggedInAt ?? 0) - (other.loggedInAt ?? 0)),
    );
  });

  router.post('/end', async (request, response) => {
    const records: unknown = request.body?.records;
    if (!Array.isArray(records) || records.some((record) => typeof record !== 'string')) {
      response.status(400).json({ error: 'Say which: { "records": ["…"] }.', code: 'NO_RECORDS' });
      return;
    }
    const named = new Set<unknown>(records);
    const ids = (await store.ids()).filter((id) => named.has(recordName(id)));
    await store.destroyMany(ids);
    response.json({ ended: ids.length });
  });

  return router;
}
