import { setTimeout as delay } from 'node:timers/promises';
import type { SessionBackend } from '@session-stores/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../faults/fault-proxy.js';
import type { Address } from '../suite/subject.js';
import { failureOf, one, opened, sample, within } from './backend-calls.js';
import { refuseUnhandledRejections } from './unhandled-rejections.js';

/** A storage on a server that belongs to the tests alone. Times are ms. */
export interface ServedStorage<Backend extends SessionBackend> {
  server(): { readonly address: Address; kill(): Promise<void>; restart(): Promise<void> };
  /** A backend whose connections are made to this address. */
  backend(at: Address): Backend;
  /** Ends what the backend was given, which is closed by then. */
  end?(): unknown;
  /** Where the backend reports no connection that is lost: resolves when it has noticed. */
  noticed?(): Promise<unknown>;
  /** What a call fails with that has had no connection for `after`, and what the failure says of the reason. */
  readonly unreachable: { readonly kind: string; readonly says?: string; readonly after: number };
  /**
   * So many connections are there when the network falls silent. After so many calls on them the next ones have new ones, and
   * all are answered within `endsWithin` of the silence.
   */
  readonly silence: { readonly connections: number; readonly calls: number; readonly endsWithin: number };
  /** By how much an expiry may be off. */
  readonly expiryOff: number;
  /** A call that is made while the server is away is answered so soon after its restart. */
  readonly backWithin: number;
  /** The server may still be at a call whose reply was cut off. */
  readonly finishesLate?: true;
}

/** Of the test that is running. */
export interface Outage<Backend extends SessionBackend> {
  readonly backend: Backend;
  /** Before the server. */
  readonly proxy: FaultProxy;
  /** What the backend told beside its calls. */
  readonly reported: readonly unknown[];
}

/** Registers what holds for the backend of every storage on a server, and sets the stage for tests of one storage alone. */
export function describeOutages<Backend extends SessionBackend>(
  storage: ServedStorage<Backend>,
): Outage<Backend> {
  const { unreachable, silence } = storage;
  let proxy: FaultProxy;
  let backend: Backend;
  let reported: unknown[];

  refuseUnhandledRejections();
  beforeEach(async () => {
    proxy = await startFaultProxy(storage.server().address);
    [backend, reported] = await opened(storage.backend(proxy.address));
  });
  afterEach(async () => {
    await proxy.setMode('pass');
    await backend.close?.();
    await storage.end?.();
    await proxy.close();
  });

  /** Nobody listens any more, and the backend has noticed: what is called from now on waits for a connection. */
  const refuse = async (): Promise<void> => {
    await proxy.setMode('refuse');
    await (storage.noticed?.() ?? expect.poll(() => reported.length).toBeGreaterThan(0));
  };

  /** There is no event for "has not answered yet". */
  const waits = async (call: Promise<unknown>, milliseconds: number): Promise<void> =>
    expect(await Promise.race([call, delay(milliseconds, 'no answer')])).toBe('no answer');

  it('a call waits for the connection and succeeds', async () => {
    await refuse();
    const written = one(backend.write([sample()], within()));
    await waits(written, 300);
    await proxy.setMode('pass');
    expect(await written).toEqual({ status: 'written' });
  });

  it('a call whose time is up without a connection fails for now, and nothing of it is sent later', async () => {
    const write = sample();
    await refuse();
    const failure = await failureOf(backend.write([write], within(unreachable.after)));
    expect(failure).toMatchObject({ kind: unreachable.kind, transient: true });
    expect(String(failure)).toContain(unreachable.says ?? '');
    await proxy.setMode('pass');
    expect(await backend.read([write.id], within())).toEqual([undefined]);
  });

  it('an expiry counts from the call, not from when a connection was there', async () => {
    // More than any driver takes to look again for a server that was away.
    const lifetime = 15_000;
    const write = sample({ expiry: { in: lifetime, exact: true } });
    await refuse();
    const called = Date.now();
    const written = one(backend.write([write], within()));
    await waits(written, 400);
    await proxy.setMode('pass');
    expect(await written).toEqual({ status: 'written' });
    const { expiresAt } = (await one(backend.read([write.id], within()))) as { expiresAt: number };
    expect(Math.abs(expiresAt - (called + lifetime))).toBeLessThan(storage.expiryOff);
  });

  it('connections that are silent for good are given up; the next calls have new ones', async () => {
    const writes = Array.from({ length: silence.connections }, () => sample());
    await Promise.all(writes.map((write) => backend.write([write], within())));
    const asked = writes.slice(0, silence.calls);
    await proxy.setMode('silence');
    const started = performance.now();
    const failures = asked.map(({ id }) => failureOf(backend.read([id], within(200))));
    expect(await Promise.all(failures)).toMatchObject(
      asked.map(() => ({ kind: 'TIMEOUT', transient: true })),
    );
    for (const { id, data } of asked) {
      expect(await one(backend.read([id], within(silence.endsWithin)))).toMatchObject({ data });
    }
    expect(performance.now() - started).toBeLessThan(silence.endsWithin);
  });

  it('a server that accepts and never answers costs no more than the time of the call', async () => {
    await refuse();
    await proxy.setMode('hang');
    const started = performance.now();
    const { kind } = unreachable;
    expect(await failureOf(backend.read(['a'], within(300)))).toMatchObject({ kind, transient: true });
    expect(performance.now() - started).toBeLessThan(700);
    await proxy.setMode('pass');
    expect(await backend.read(['a'], within())).toEqual([undefined]);
  });

  it('a network that hangs holds up a call, and no longer than it hangs', async () => {
    const write = sample();
    await backend.write([write], within());
    await proxy.setMode('hang');
    expect(await failureOf(backend.read([write.id], within(200)))).toMatchObject({ transient: true });
    const found = one(backend.read([write.id], within()));
    await waits(found, 300);
    await proxy.setMode('pass');
    expect(await found).toMatchObject({ data: write.data });
  });

  it('a call that waits on a slow connection keeps it when the time of another is up', async () => {
    await Promise.all([backend.read(['a'], within()), backend.read(['b'], within())]);
    proxy.setDelay(200);
    const patient = backend.read(['a'], within(2_000));
    expect(await failureOf(backend.read(['b'], within(100)))).toMatchObject({ kind: 'TIMEOUT' });
    expect(await patient).toEqual([undefined]);
  });

  it('a reply that is cut off is a failure that passes, and the work is done once', async () => {
    const write = sample();
    await proxy.setMode('cutReplies');
    expect(await failureOf(backend.write([write], within(1_000)))).toMatchObject({ transient: true });
    await proxy.setMode('pass');
    expect(await backend.read(['a'], within())).toEqual([undefined]);
    const found = () => one(backend.read([write.id], within()));
    const { revision } = write;
    if (storage.finishesLate) await expect.poll(found).toMatchObject({ revision });
    else expect(await found()).toMatchObject({ revision });
  });

  it('after a kill of the server calls fail for now; after its restart all is as it was', async () => {
    const write = sample();
    await backend.write([write], within());
    await storage.server().kill();
    const failure = await failureOf(backend.read([write.id], within(300)));
    const found = one(backend.read([write.id], within(storage.backWithin)));
    // Before anything fails here: the other tests need it too.
    await storage.server().restart();
    expect(failure).toMatchObject({ transient: true });
    expect(await found).toMatchObject({ data: write.data, revision: write.revision });
  }, 60_000);

  return {
    get backend() {
      return backend;
    },
    get proxy() {
      return proxy;
    },
    get reported() {
      return reported;
    },
  };
}
