import express, { type Router } from 'express';
import type { Store } from 'express-session';
import { refuse } from './application.js';

type Callback<Value> = (error: unknown, value?: Value) => void;

interface Listing {
  ids?(callback: Callback<string[]>): void;
  all?(callback: Callback<{ id: string }[]>): void;
  destroyMany?(ids: readonly string[], callback: Callback<void>): void;
}

/** What the people do who run the application: end the sessions of others, look at them, list them. */
export function operatorRoutes(store: Store): Router {
  const router = express.Router();
  router.use(express.json({ limit: '64mb' }));

  /** Ends all of them, or refuses. */
  router.post('/end', (request, response) => {
    const ids = request.body as string[];
    const done: Callback<void> = (error) => (error ? refuse(response, error) : response.json({}));
    const { destroyMany } = store as Listing;
    if (destroyMany !== undefined && ids.length > 1) destroyMany.call(store, ids, done);
    else endEach(store, ids, done);
  });

  /** Which of them exist. */
  router.post('/look', async (request, response) => {
    const ids = request.body as string[];
    try {
      const found = await Promise.all(ids.map((id) => exists(store, id)));
      response.json({ alive: ids.filter((_id, index) => found[index]) });
    } catch (error) {
      refuse(response, error);
    }
  });

  /** The ids of all of them; 501 where the store cannot list. */
  router.get('/ids', (_request, response) => {
    const { ids, all } = store as Listing;
    const done: Callback<string[]> = (error, value) =>
      error ? refuse(response, error) : response.json({ ids: value });
    if (ids !== undefined) ids.call(store, done);
    else if (all !== undefined) {
      all.call(store, (error, sessions) =>
        done(
          error,
          sessions?.map(({ id }) => id),
        ),
      );
    } else response.status(501).json({});
  });

  return router;
}

function endEach(store: Store, ids: readonly string[], done: Callback<void>): void {
  let left = ids.length;
  let failure: unknown;
  for (const id of ids) {
    store.destroy(id, (error) => {
      failure ??= error;
      if (--left === 0) done(failure);
    });
  }
}

function exists(store: Store, id: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    store.get(id, (error, session) => (error ? reject(error) : resolve(Boolean(session))));
  });
}
