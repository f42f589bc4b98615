import { randomUUID } from 'node:crypto';
import { requireStore } from '@session-stores/core';
import { RedisStore, RetryingRedisStore } from '@session-stores/redis';
import { RedisStore as ConnectRedis } from 'connect-redis';
import express, { type RequestHandler } from 'express';
import session, { type Store } from 'express-session';
import { createClient } from 'redis';
import { expect, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../src/faults/fault-proxy.js';
import { browserAt } from '../src/own-tests/browser.js';
import { describeWithServer } from '../src/servers/needs.js';

const prefix = (): string => `${randomUUID()}:`;

function ours(Class: typeof RedisStore): (url: string) => Promise<Store> {
  return async (url) => {
    const store = new Class({ url, prefix: prefix(), operationTimeout: 700 });
    onTestFinished(() => void store.close());
    // Its driver is loaded and connected, which on a busy machine can take longer than an operation may.
    await expect.poll(() => store.get('nobody').catch(() => 'failed')).toBeUndefined();
    return store;
  };
}

async function theirs(url: string): Promise<Store> {
  // With its offline queue a request would wait for ever.
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.destroy());
  return new ConnectRedis({ client, prefix: prefix() });
}

describeWithServer('redis', 'requireStore, with Redis cut off', (url) => {
  it.for([
    ['RedisStore', 'refuse', ours(RedisStore)],
    ['RedisStore', 'hang', ours(RedisStore)],
    ['RetryingRedisStore', 'refuse', ours(RetryingRedisStore)],
    ['RetryingRedisStore', 'hang', ours(RetryingRedisStore)],
    ['connect-redis', 'refuse', theirs],
  ] as const)('%s, %s: 503 to who is logged in, and still is afterwards', async ([, mode, open]) => {
    const { hostname: host, port } = new URL(url);
    const proxy = await startFaultProxy({ host, port: Number(port) });
    onTestFinished(() => proxy.close());
    const store = await open(`redis://${proxy.address.host}:${proxy.address.port}`);
    const options = { store, secret: 'of the test', resave: false, saveUninitialized: false };
    const go = await visitorAt(requireStore(session({ ...options, unset: 'destroy' }), { store }));
    expect(await go('/login')).toMatchObject({ status: 200, body: '{"user":"ann"}' });
    expect(await go('/')).toMatchObject({ status: 200, body: '{"user":"ann"}' });
    await proxy.setMode(mode);
    await expect.poll(() => go('/')).toMatchObject({ status: 503, retryAfter: '5' });
    await proxy.setMode('pass');
    await expect
      .poll(() => go('/'), { timeout: 15_000 })
      .toMatchObject({ status: 200, body: '{"user":"ann"}' });
  });
});

/** A browser at an Express application with this middleware. */
async function visitorAt(middleware: RequestHandler) {
  const app = express().set('env', 'test').use(middleware);
  app.get(['/', '/login'], (request, response) => {
    if (request.path === '/login') Object.assign(request.session, { user: 'ann' });
    response.json({ user: (request.session as { user?: string }).user ?? null });
  });
  const browser = await browserAt(app, onTestFinished);
  return async (path: string) => {
    const { status, text, headers } = await browser.go(path);
    return { status, body: text, retryAfter: headers.get('retry-after') };
  };
}
