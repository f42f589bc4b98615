import { type ChangeListener, type Subscriber, type Subscription, watchChannel } from '@session-stores/core';
import { expect, it, onTestFinished } from 'vitest';

/** A channel in this process, and what is heard on it. */
function channel() {
  const subscribers: Subscriber[] = [];
  const log: string[] = [];
  const errors: unknown[] = [];
  const state = { ways: 1, silent: new Set<number>(), refuses: false, closed: 0 };
  const listener: ChangeListener = {
    changed: (names, by) => log.push(`changed ${names} by ${by}`),
    toldUntil: (moment) => log.push(moment <= performance.now() ? 'told' : 'told too much'),
    lost: () => log.push('lost'),
  };
  const open = async (subscriber: Subscriber): Promise<Subscription> => {
    if (state.refuses) throw new Error('refused');
    subscribers.push(subscriber);
    return {
      ways: () =>
        Array.from({ length: state.ways }, (_, way) => async (text: string) => {
          if (!state.silent.has(way)) subscriber.hear(text);
        }),
      close: () => {
        state.closed++;
      },
    };
  };
  const watch = watchChannel(open, listener, (error) => errors.push(error));
  onTestFinished(() => watch.stop());
  const logged = (text: string) => expect.poll(() => log, { timeout: 5_000 }).toContain(text);
  return { subscribers, log, errors, state, watch, logged };
}

it('tells what it hears, and vouches for it by a beat that it has heard', async () => {
  const { subscribers, log, logged, errors } = channel();
  await logged('told');
  subscribers[0]?.hear('1f2e3d4c5b6a me');
  subscribers[0]?.hear('= 99'); // A beat of another time.
  expect(log).toEqual(['told', 'changed 1f2e3d4c5b6a by me']);
  expect(errors).toEqual([]);
});

it('does not vouch before a beat was heard on every way, and opens anew when one is not', async () => {
  const { subscribers, state, log, errors } = channel();
  state.ways = 3;
  state.silent.add(1);
  await expect.poll(() => errors.length, { timeout: 5_000 }).toBe(1);
  expect(log).not.toContain('told');
  expect(String(errors[0])).toMatch(/was not heard in time/);
  state.silent.clear();
  await expect.poll(() => log.at(-1), { timeout: 5_000 }).toBe('told');
  expect(subscribers.length).toBeGreaterThan(1);
});

it('is lost at once when it breaks, hears nothing of the broken one, and opens another', async () => {
  const { subscribers, state, log, logged, errors } = channel();
  await logged('told');
  const [first] = subscribers as [Subscriber];
  log.length = 0;
  first.broken(new Error('broken'));
  expect(log).toEqual(['lost']);
  first.hear('1f2e3d4c5b6a me');
  await logged('told');
  expect(log).not.toContain('changed 1f2e3d4c5b6a by me');
  expect(subscribers).toHaveLength(2);
  expect(state.closed).toBe(1);
  expect(errors).toEqual([new Error('broken')]);
});

it('reports an outage once, however often it tries', async () => {
  const { subscribers, state, logged, log, errors } = channel();
  await logged('told');
  state.refuses = true;
  log.length = 0;
  subscribers[0]?.broken(new Error('broken'));
  await expect
    .poll(() => log.filter((text) => text === 'lost').length, { timeout: 5_000 })
    .toBeGreaterThan(3);
  expect(errors).toHaveLength(1);
  state.refuses = false;
  await logged('told');
});

it('ends when it is stopped, whatever it is doing', async () => {
  const { state, watch, log, logged } = channel();
  await logged('told');
  await watch.stop();
  expect(state.closed).toBe(1);
  const length = log.length;
  await new Promise((resolve) => setTimeout(resolve, 700)); // Longer than the time between two beats.
  expect(log).toHaveLength(length);

  const never = watchChannel(
    () => new Promise(() => {}),
    { changed() {}, toldUntil() {}, lost() {} },
    () => {},
  );
  await never.stop();
});

it('opens another though the broken one cannot be closed, and leaves no rejection behind', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  let opened = 0;
  const errors: unknown[] = [];
  const watch = watchChannel(
    async () => {
      opened++;
      return {
        ways: () => [() => Promise.reject(new Error('cut'))],
        close() {
          throw new Error('already closed');
        },
      };
    },
    { changed() {}, toldUntil() {}, lost() {} },
    (error) => errors.push(error),
  );
  await expect.poll(() => opened, { timeout: 5_000 }).toBeGreaterThan(1);
  await watch.stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  expect(errors).toEqual([new Error('cut')]);
});
