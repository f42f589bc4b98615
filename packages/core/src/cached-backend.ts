import type {
  CallContext,
  ClearContext,
  Expiry,
  OpenContext,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  Watch,
  WriteAnswer,
} from './backend.js';
import type { CacheSettings } from './cache-options.js';
import { decorated } from './decorated-backend.js';
import { InvalidOptionError } from './errors.js';
import { RecordCache } from './record-cache.js';
import { TurnOfEventLoop } from './turn-of-event-loop.js';

/** A backend that shows some records without asking its storage. */
export interface CachedBackend extends SessionBackend {
  /** The record, where it can be shown at once. */
  recall(id: string): SessionRecord | undefined;
}

/**
 * So many are shown at once in one turn of the event loop, then the storage is read: whoever asks in a loop would otherwise
 * keep the network from being heard, and with it the news of what has changed.
 */
const hitsPerTurn = 1_000;

/** What a change left stored, as far as its answer says so. */
type Left = SessionRecord | undefined;

/**
 * The backend with a cache in front of its reads. That there is no record is never kept. What this process changes is
 * forgotten before it is sent, and again when it is answered; what is stored then is kept if the answer says it, and
 * nothing is where there is none. Throws `InvalidOptionError` where the backend cannot tell what other processes change.
 */
export function cached(storeName: string, backend: SessionBackend, settings: CacheSettings): CachedBackend {
  if (backend.watch === undefined) {
    throw new InvalidOptionError(
      `${storeName}: leave out option 'cache': its storage, ${backend.name}, either needs none, because it is in this process, or cannot tell what other processes change`,
    );
  }
  return settings.maxEntries === 0 ? announcing(backend) : caching(backend, settings);
}

/** Tells what this process changes, and keeps nothing. */
function announcing(backend: SessionBackend): CachedBackend {
  const told = <Context extends CallContext>(context: Context): Context => ({
    ...context,
    announceAs: 'another',
  });
  return decorated(backend, {
    recall: () => undefined,
    write: (writes: readonly RecordWrite[], context: CallContext) => backend.write(writes, told(context)),
    touch: (touches: readonly RecordTouch[], context: CallContext) => backend.touch(touches, told(context)),
    remove: (removals: readonly RecordRemoval[], context: CallContext) =>
      backend.remove(removals, told(context)),
    ...(backend.clear && {
      clear: async (context: ClearContext) => backend.clear?.(told(context)),
    }),
  });
}

function caching(backend: SessionBackend, settings: CacheSettings): CachedBackend {
  const cache = new RecordCache(settings, () => backend.expiryUncertainty ?? 0);
  let watch: Watch | undefined;
  let closed = false;
  const turn = new TurnOfEventLoop(hitsPerTurn);

  /** Runs a call that changes these ids; `left` is asked for each answer what is stored now. */
  async function changing<Item extends { readonly id: string }, Answer extends { readonly status: string }>(
    items: readonly Item[],
    context: CallContext,
    send: (context: CallContext) => Promise<readonly Answer[]>,
    left: (answer: Answer, item: Item, before: Left, called: number) => Left,
  ): Promise<readonly Answer[]> {
    watch?.catchUp?.();
    const called = Date.now();
    const before = items.map(({ id }) => cache.get(id));
    const call = cache.begin();
    const forget = (): void => {
      for (const { id } of items) {
        cache.forget(id, call);
      }
    };
    forget();
    try {
      const answers = await send({ ...context, announceAs: cache.own });
      forget();
      for (const [index, answer] of answers.entries()) {
        if (answer.status === 'error') {
          cache.disown();
          continue;
        }
        const record = left(answer, items[index] as Item, before[index], called);
        if (record !== undefined) {
          call.keep(record);
        }
      }
      return answers;
    } catch (error) {
      cache.disown();
      forget();
      throw error;
    } finally {
      call.end();
    }
  }

  return decorated(backend, {
    async open(context: OpenContext) {
      await backend.open?.(context);
      if (closed || watch !== undefined) {
        return;
      }
      const opened = await backend.watch?.(cache, context);
      // An opening that was given up goes on, beside the next one and beyond the close.
      if (closed || watch !== undefined) {
        await opened?.stop().catch(context.onError);
      } else {
        watch = opened;
      }
    },
    async close() {
      closed = true;
      cache.lost();
      try {
        await watch?.stop();
      } finally {
        await backend.close();
      }
    },
    recall(id: string) {
      if (!cache.has(id) || !turn.take()) {
        return undefined;
      }
      watch?.catchUp?.();
      return cache.get(id);
    },
    async read(ids: readonly string[], context: CallContext) {
      watch?.catchUp?.();
      const call = cache.begin();
      try {
        const answers = await backend.read(ids, context);
        for (const answer of answers) {
          if (answer !== undefined && !('status' in answer)) {
            call.keep(answer);
          }
        }
        return answers;
      } finally {
        call.end();
      }
    },
    write: (writes: readonly RecordWrite[], context: CallContext) =>
      changing(writes, context, (announced) => backend.write(writes, announced), afterWrite),
    touch: (touches: readonly RecordTouch[], context: CallContext) =>
      changing(touches, context, (announced) => backend.touch(touches, announced), afterTouch),
    remove: (removals: readonly RecordRemoval[], context: CallContext) =>
      changing(
        removals,
        context,
        (announced) => backend.remove(removals, announced),
        () => undefined,
      ),
    ...(backend.clear && {
      async clear(context: ClearContext) {
        cache.forgetAll();
        try {
          await backend.clear?.({ ...context, announceAs: cache.own });
        } catch (error) {
          cache.disown();
          throw error;
        } finally {
          cache.forgetAll();
        }
      },
    }),
  });
}

/** An insert, and an update of what was kept, leave a record that is known in full. */
function afterWrite(
  answer: WriteAnswer,
  { id, data, birth, revision, expiry, expect }: RecordWrite,
  before: Left,
  called: number,
): Left {
  if (answer.status === 'conflict') {
    return answer.current;
  }
  const isKnown = expect === 'absent' || before?.revision === expect.revision;
  return answer.status === 'written' && isKnown
    ? { id, data, birth, revision, expiresAt: movedExpiry(expiry, before, called) }
    : undefined;
}

function afterTouch(
  answer: TouchAnswer,
  { revision, expiry }: RecordTouch,
  before: Left,
  called: number,
): Left {
  if (answer.status === 'changed') {
    return answer.current;
  }
  return answer.status === 'touched' && before?.revision === revision
    ? new MovedRecord(before, movedExpiry(expiry, before, called))
    : undefined;
}

/** Never later than the true one: a storage counts from when the call arrives, and this from when it was made. */
function movedExpiry({ in: milliseconds, exact }: Expiry, before: Left, called: number): number {
  const expiresAt = called + milliseconds;
  return exact || before === undefined ? expiresAt : Math.max(expiresAt, before.expiresAt);
}

/** The record with another expiry. Its data may be decrypted only when somebody asks for it. */
class MovedRecord implements SessionRecord {
  readonly id: string;
  readonly birth: string | undefined;
  readonly revision: string;
  readonly expiresAt: number;
  readonly #record: SessionRecord;

  constructor(record: SessionRecord, expiresAt: number) {
    this.#record = record instanceof MovedRecord ? record.#record : record;
    this.id = record.id;
    this.birth = record.birth;
    this.revision = record.revision;
    this.expiresAt = expiresAt;
  }

  get data(): string {
    return this.#record.data;
  }
}
