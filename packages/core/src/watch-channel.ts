import { setTimeout as wait } from 'node:timers/promises';
import type { ChangeListener, Watch } from './backend.js';
import { untilAborted } from './until-aborted.js';

/** Ms between two beats, and the longest that one may take. Both together are less than the lease of a cache (2 s). */
const beatInterval = 500;
const beatLimit = 1_000;
/** Ms. */
const openLimit = 5_000;
const firstPause = 100;
const longestPause = 2_000;

/** One subscription, from its opening to its end. */
export interface Subscription {
  /**
   * The ways by which changes reach it, one for each server that can make them: each publishes a text, to this subscription
   * only, right behind the changes before it.
   */
  readonly ways: (signal: AbortSignal) => readonly ((text: string) => Promise<unknown>)[];
  /** Gives it up, at once and whatever state it is in. */
  readonly close: () => void;
}

export interface Subscriber {
  readonly signal: AbortSignal;
  /** To be called with every text that is published. */
  readonly hear: (text: string) => void;
  /** To be called when it cannot be told any more that nothing was missed. */
  readonly broken: (error: unknown) => void;
}

/** What is published of a change. `name`: the `recordName` of its record. */
export function announcement(name: string, by: string): string {
  return `${name} ${by}`;
}

/**
 * A watch on a channel that can break, or fall silent without a sign. `open` resolves when everything that is published
 * from then on will be heard. The channel proves itself by beats, which take the way of the changes: when one is heard,
 * all that was changed before it was sent has been heard too. One that is not heard in time ends the subscription, and another
 * is opened. `onError` is told once an outage.
 */
export function watchChannel(
  open: (subscriber: Subscriber) => Promise<Subscription>,
  listener: ChangeListener,
  onError: (error: unknown) => void,
): Watch {
  const stopping = new AbortController();
  const { signal: stopped } = stopping;

  async function watch(): Promise<void> {
    let failures = 0;
    while (!stopped.aborted) {
      const error = await live(open, listener, stopped, () => {
        failures = 0;
      });
      listener.lost();
      if (stopped.aborted) {
        return;
      }
      if (failures === 0) {
        onError(error);
      }
      const pause = Math.min(firstPause * 2 ** failures, longestPause);
      failures++;
      await idle(pause * (0.5 + Math.random() / 2), stopped);
    }
  }

  const ended = watch();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Resolves to why the subscription ended. */
async function live(
  open: (subscriber: Subscriber) => Promise<Subscription>,
  listener: ChangeListener,
  stopped: AbortSignal,
  onUp: () => void,
): Promise<unknown> {
  const ending = new AbortController();
  const end = (error: unknown): void => {
    if (!ending.signal.aborted) {
      listener.lost();
      ending.abort(error);
    }
  };
  const stop = (): void => end(new Error('the watch was stopped'));
  stopped.addEventListener('abort', stop);
  const { signal } = ending;
  const beats = new Beats();
  const hear = (text: string): void => {
    if (signal.aborted || beats.heard(text)) {
      return;
    }
    const [name, by] = text.split(' ', 2);
    if (name) {
      listener.changed([name], by);
    }
  };
  let subscription: Subscription | undefined;
  try {
    const opened = await within(openLimit, 'the channel did not open', signal, () =>
      open({ signal, hear, broken: end }).then((late) => {
        // Nobody waits for it any more.
        if (signal.aborted) {
          giveUp(late);
        }
        return late;
      }),
    );
    subscription = opened;
    while (!signal.aborted) {
      const moment = performance.now();
      await within(beatLimit, silent, signal, () => beats.send(opened.ways(signal)));
      listener.toldUntil(moment);
      onUp();
      await idle(beatInterval, signal);
    }
  } catch (error) {
    end(error);
  } finally {
    stopped.removeEventListener('abort', stop);
    if (subscription !== undefined) {
      giveUp(subscription);
    }
  }
  return signal.reason;
}

function giveUp(subscription: Subscription): void {
  try {
    subscription.close();
  } catch {
    // It ends anyway, and why is told already.
  }
}

const silent =
  'what was published on the channel between processes was not heard in time, so sessions are read from the storage until it is';

/** Texts that are on their way to ourselves. */
class Beats {
  #count = 0;
  readonly #waiting = new Map<string, () => void>();

  /** Resolves when all were heard. */
  async send(ways: readonly ((text: string) => Promise<unknown>)[]): Promise<void> {
    this.#waiting.clear();
    await Promise.all(
      ways.map(async (publish) => {
        const text = `= ${++this.#count}`;
        const heard = new Promise<void>((resolve) => this.#waiting.set(text, resolve));
        await Promise.all([publish(text), heard]);
      }),
    );
  }

  /** Whether the text was a beat. */
  heard(text: string): boolean {
    this.#waiting.get(text)?.();
    return text.startsWith('=');
  }
}

/** Ends when `signal` aborts or the time is up, whatever `work` does, and then with an error. */
async function within<T>(
  limit: number,
  what: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const stop = (): void => over.abort(signal.reason);
  const timer = setTimeout(() => over.abort(new Error(`${what} (within ${limit} ms)`)), limit);
  timer.unref();
  signal.addEventListener('abort', stop);
  try {
    return await untilAborted(work(), over.signal, () => over.signal.reason as Error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Keeps no process alive; ends early when `signal` aborts. */
async function idle(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { ref: false, signal }).catch(() => {});
}
