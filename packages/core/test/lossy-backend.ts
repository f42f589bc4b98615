import type {
  CallContext,
  ItemError,
  ReadAnswer,
  RecordRemoval,
  RecordTouch,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  WriteAnswer,
} from '@session-stores/core';

interface Row extends SessionRecord {
  readonly birth: string | undefined;
}

/** A failure that a network has; the only transient one here. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

export type Fate = 'deliver' | 'lose request' | 'lose reply' | 'hang' | 'arrive late' | 'fail for good';

/** The table of `backend.ts`, row by row, over a wire whose faults a test decides, call by call. */
export class LossyBackend implements SessionBackend {
  readonly name = 'lossy';
  readonly rows = new Map<string, Row>();
  readonly graves = new Map<string, string>();
  /** What happens to the next calls, first to last; then everything is delivered. */
  readonly fates: Fate[] = [];
  /** Decides what `fates` does not. */
  fate: (primitive: string) => Fate = () => 'deliver';
  readonly #late: (() => unknown)[] = [];
  /** The calls that arrived at the storage, with the number of their items. */
  readonly calls: string[] = [];
  /** Ids whose items are answered with an error. */
  readonly failingIds = new Set<string>();
  /** Runs between a request's arrival and its effect. */
  beforeEffect: ((primitive: string) => void) | undefined;

  read(ids: readonly string[], context: CallContext): Promise<readonly ReadAnswer[]> {
    return this.#travel('read', ids.length, context, () =>
      ids.map((id) => this.#refusal(id) ?? this.#live(id)),
    );
  }

  write(writes: readonly RecordWrite[], context: CallContext): Promise<readonly WriteAnswer[]> {
    return this.#travel('write', writes.length, context, () =>
      writes.map((write) => this.#refusal(write.id) ?? this.applyWrite(write)),
    );
  }

  touch(touches: readonly RecordTouch[], context: CallContext): Promise<readonly TouchAnswer[]> {
    return this.#travel('touch', touches.length, context, () =>
      touches.map(({ id, revision, expiry }) => {
        const current = this.#live(id);
        const refusal = this.#refusal(id);
        if (refusal !== undefined) {
          return refusal;
        }
        if (current === undefined) {
          return { status: 'gone' };
        }
        if (current.revision !== revision) {
          return { status: 'changed', current };
        }
        this.rows.set(id, { ...current, expiresAt: expiryOf(current, expiry) });
        return { status: 'touched' };
      }),
    );
  }

  remove(removals: readonly RecordRemoval[], context: CallContext): Promise<readonly RemoveAnswer[]> {
    return this.#travel('remove', removals.length, context, () =>
      removals.map(({ id, birth, grace }) => {
        const current = this.#live(id);
        const refusal = this.#refusal(id);
        if (refusal !== undefined) {
          return refusal;
        }
        if (current !== undefined && birth !== undefined && current.birth !== birth) {
          return { status: 'other', birth: current.birth };
        }
        this.rows.delete(id);
        const buried = birth ?? current?.birth;
        if (buried !== undefined && grace > 0) {
          this.graves.set(id, buried);
        }
        return { status: 'removed' };
      }),
    );
  }

  async *scan(): AsyncGenerator<readonly SessionRecord[]> {
    yield [...this.rows.keys()].map((id) => this.#live(id)).filter((row) => row !== undefined);
  }

  isTransient(error: unknown): boolean {
    return error instanceof Lost;
  }

  async close(): Promise<void> {}

  applyWrite(write: RecordWrite): WriteAnswer {
    const current = this.#live(write.id);
    if (write.expect === 'absent') {
      if (current !== undefined) {
        return { status: 'conflict', current };
      }
      if (this.graves.get(write.id) === write.birth) {
        return { status: 'gone' };
      }
      if (this.graves.has(write.id) && write.unanswered) {
        return { status: 'buried' };
      }
      this.graves.delete(write.id);
    } else if (current === undefined) {
      return { status: 'gone' };
    } else if (current.revision !== write.expect.revision) {
      return { status: 'conflict', current };
    }
    const { id, data, birth, revision } = write;
    this.rows.set(id, { id, data, birth, revision, expiresAt: expiryOf(current, write.expiry) });
    return { status: 'written' };
  }

  /** The requests that are under way although nobody waits for them any more arrive now. */
  deliverLate(): void {
    for (const arrive of this.#late.splice(0)) {
      arrive();
    }
  }

  #refusal(id: string): ItemError | undefined {
    return this.failingIds.has(id) ? { status: 'error', error: new Error('not this one') } : undefined;
  }

  #live(id: string): Row | undefined {
    const row = this.rows.get(id);
    return row !== undefined && row.expiresAt > Date.now() ? row : undefined;
  }

  async #travel<T>(primitive: string, items: number, { signal }: CallContext, effect: () => T): Promise<T> {
    const fate = this.fates.shift() ?? this.fate(primitive);
    await new Promise((resolve) => setImmediate(resolve));
    if (fate === 'lose request') {
      throw new Lost('the request was lost');
    }
    if (fate === 'fail for good') {
      throw new Error('it cannot be done');
    }
    if (fate === 'arrive late') {
      this.#late.push(effect);
    }
    if (fate === 'hang' || fate === 'arrive late') {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    this.beforeEffect?.(primitive);
    this.calls.push(`${primitive} ${items}`);
    const answer = effect();
    if (fate === 'lose reply') {
      throw new Lost('the reply was lost');
    }
    return answer;
  }
}

/** What another process writes for a new session. */
export function insertOf(id: string, session: object): RecordWrite {
  const data = JSON.stringify({
    ...session,
    cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) },
  });
  const revision = `${serial++}`.padStart(12, '0');
  return {
    id,
    data,
    birth: `birth-${revision}`,
    revision,
    expiry: { in: 60_000, exact: true },
    expect: 'absent',
  };
}

let serial = 0;

function expiryOf(current: SessionRecord | undefined, expiry: RecordWrite['expiry']): number {
  const at = Date.now() + expiry.in;
  return expiry.exact || current === undefined ? at : Math.max(at, current.expiresAt);
}
