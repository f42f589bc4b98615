import { describe, expect, it } from 'vitest';
import { Routes } from '../src/batch.js';
import { Breaker } from '../src/breaker.js';
import { BackendError } from '../src/errors.js';
import type { Parcel } from '../src/parcel.js';

type Sent = { readonly size: number; readonly answer: () => void; readonly fail: () => void };

/** A queue whose batches are answered when a test says so. */
function queue(pipelines: boolean) {
  const sent: Sent[] = [];
  const breaker = new Breaker('shop', { opened: () => {}, closed: () => {} });
  const routes = new Routes<number, void>({
    routeOf: () => '',
    lengthOf: () => 0,
    breakerOf: () => breaker,
    timeLimit: 60_000,
    pipelines,
    send: (parcels: readonly Parcel<number, void>[]) =>
      new Promise((resolve) => {
        const failure = new BackendError(true, 'shop: away', undefined);
        sent.push({
          size: parcels.length,
          answer: () => {
            for (const parcel of parcels) parcel.settle();
            resolve(undefined);
          },
          fail: () => {
            for (const parcel of parcels) parcel.fail(failure);
            resolve(failure);
          },
        });
      }),
  });
  const submit = (items: number): void => {
    for (let item = 0; item < items; item++) {
      Promise.resolve(routes.submit(item, undefined).answer).catch(() => {});
    }
  };
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const answer = async (place: number) => {
    sent[place]?.answer();
    await turn();
  };
  return { sent, breaker, submit, turn, answer, sizes: () => sent.map(({ size }) => size) };
}

describe('a storage that pipelines', () => {
  it('is given a second batch once that is large, with all that comes in the same turn, and never a third', async () => {
    const { submit, sizes, answer, turn } = queue(true);
    submit(1 + 15);
    await turn();
    expect(sizes()).toEqual([1]);
    submit(1 + 40);
    await turn();
    expect(sizes()).toEqual([1, 56]);
    submit(100);
    await turn();
    expect(sizes()).toEqual([1, 56]);
    await answer(0);
    expect(sizes()).toEqual([1, 56, 100]);
    submit(100);
    await answer(1);
    expect(sizes()).toEqual([1, 56, 100, 100]);
  });

  it('is given halves of what comes again together', async () => {
    const { sent, submit, sizes, turn, answer } = queue(true);
    submit(1 + 63);
    await turn();
    await answer(0);
    expect(sizes()).toEqual([1, 63]);
    sent[1]?.answer();
    await Promise.resolve();
    submit(64);
    // Not before they all are here.
    expect(sizes()).toEqual([1, 63]);
    await turn();
    expect(sizes()).toEqual([1, 63, 32, 32]);
  });

  it('is given one batch at a time while it is down', async () => {
    const { sent, breaker, submit, sizes, turn } = queue(true);
    for (let failures = 0; failures < 5; failures++) {
      submit(1);
      sent[failures]?.fail();
      await turn();
    }
    expect(breaker.isClosed).toBe(false);
    submit(100);
    await turn();
    expect(sizes()).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('a storage that does not pipeline', () => {
  it('is given one batch at a time', async () => {
    const { submit, sizes, answer } = queue(false);
    submit(1 + 100);
    expect(sizes()).toEqual([1]);
    await answer(0);
    expect(sizes()).toEqual([1, 100]);
  });
});
