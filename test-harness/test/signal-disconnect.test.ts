import { randomUUID } from 'node:crypto';
import { requireStore } from '@session-stores/core';
import { RedisStore, RetryingRedisStore } from '@session-stores/redis';
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import { expect, it, type TestContext } from 'vitest';
import { startFaultProxy } from '../src/faults/fault-proxy.js';
import { browserAt } from '../src/own-tests/browser.js';
import { describeWithServer } from '../src/servers/needs.js';

const forms = [
  ['RedisStore', 'refuse', RedisStore],
  ['RedisStore', 'hang', RedisStore],
  ['RetryingRedisStore', 'refuse', RetryingRedisStore],
  ['RetryingRedisStore', 'hang', RetryingRedisStore],
] as const;

interface Trial {
  readonly url: string;
  readonly Store: typeof RedisStore;
  readonly signalDisconnect: boolean;
  readonly wrap?: typeof requireStore;
  readonly onTestFinished: TestContext['onTestFinished'];
}

/** A logged-in browser at an Express application, and the way of the application to Redis. */
async function loggedIn({ url, Store, signalDisconnect, wrap, onTestFinished }: Trial) {
  const { hostname: host, port } = new URL(url);
  const proxy = await startFaultProxy({ host, port: Number(port) });
  onTestFinished(() => proxy.close());
  const store = new Store({
    url: `redis://${proxy.address.host}:${proxy.address.port}`,
    prefix: `${randomUUID()}:`,
    operationTimeout: 700,
    signalDisconnect,
  });
  onTestFinished(() => void store.close());
  const signals: string[] = [];
  for (const name of ['disconnect', 'connect'] as const) store.on(name, () => void signals.push(name));
  const sessions = session({ store, secret: 'of the test', resave: false, saveUninitialized: false });
  const go = await visitorAt(wrap?.(sessions, { store }) ?? sessions, onTestFinished);
  expect(await go('/login')).toEqual({ status: 200, body: '"ann"' });
  expect(await go('/')).toEqual({ status: 200, body: '"ann"' });
  return { proxy, go, signals };
}

describeWithServer('redis', 'Redis cut off, and signalDisconnect', (url) => {
  it.concurrent.for(forms)(
    '%s, %s: requests pass without a session until it is back',
    async ([, mode, Store], { expect, onTestFinished }) => {
      const { proxy, go, signals } = await loggedIn({ url, Store, signalDisconnect: true, onTestFinished });
      await proxy.setMode(mode);
      // The first one meets the outage itself, as without the option.
      expect(await go('/')).toMatchObject({ status: 500 });
      await expect.poll(() => signals, { timeout: 10_000 }).toEqual(['disconnect']);
      expect(await go('/')).toEqual({ status: 200, body: '"no session"' });
      await proxy.setMode('pass');
      // Nobody asks the store meanwhile: that it is back, it finds out by itself.
      await expect.poll(() => signals, { timeout: 15_000 }).toEqual(['disconnect', 'connect']);
      expect(await go('/')).toEqual({ status: 200, body: '"ann"' });
    },
  );

  it.concurrent('by default nothing is signalled, and every request hears of the outage', async ({
    onTestFinished,
  }) => {
    const { proxy, go, signals } = await loggedIn({
      url,
      Store: RedisStore,
      signalDisconnect: false,
      onTestFinished,
    });
    await proxy.setMode('refuse');
    const until = performance.now() + 3_000;
    while (performance.now() < until) expect(await go('/')).toMatchObject({ status: 500 });
    expect(signals).toEqual([]);
  });

  it.concurrent('with requireStore requests are answered 503, also while it is signalled', async ({
    onTestFinished,
  }) => {
    const trial = { url, Store: RedisStore, signalDisconnect: true, wrap: requireStore, onTestFinished };
    const { proxy, go, signals } = await loggedIn(trial);
    await proxy.setMode('refuse');
    expect(await go('/')).toMatchObject({ status: 503 });
    await expect.poll(() => signals, { timeout: 10_000 }).toEqual(['disconnect']);
    expect(await go('/')).toMatchObject({ status: 503 });
    await proxy.setMode('pass');
    await expect.poll(() => go('/'), { timeout: 15_000 }).toEqual({ status: 200, body: '"ann"' });
    expect(signals).toEqual(['disconnect', 'connect']);
  });
});

/** A browser at an Express application with this middleware. */
async function visitorAt(middleware: RequestHandler, onTestFinished: TestContext['onTestFinished']) {
  const app = express().set('env', 'test').use(middleware);
  app.get(['/', '/login'], (request, response) => {
    const { session } = request as { session?: { user?: string } };
    if (session !== undefined && request.path === '/login') session.user = 'ann';
    response.json(session === undefined ? 'no session' : (session.user ?? null));
  });
  const browser = await browserAt(app, onTestFinished);
  return async (path: string) => {
    const { status, text } = await browser.go(path);
    return { status, body: text };
  };
}
