/** Looks at every so-many-th session only: a weak reference is not for nothing. */
const every = 8;
/** So many references are kept before those of collected sessions are thrown away. */
const round = 4_096;

/** What a process keeps of the sessions that went through it. */
export class MemoryWatch {
  #before = used();
  #seen = 0;
  #sessions: WeakRef<object>[] = [];

  /** Remembers a session of a request, without keeping it. */
  look(session: object): void {
    if (this.#seen++ % every !== 0) return;
    this.#sessions.push(new WeakRef(session));
    if (this.#sessions.length > round) this.#sessions = this.#sessions.filter((each) => each.deref());
  }

  /** To be asked when no request is left. */
  async remains(): Promise<{ heldSessions: number; memoryGrowth: number }> {
    // A reference keeps its object to the end of the turn in which it was made or read.
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc?.();
    }
    return {
      heldSessions: this.#sessions.filter((each) => each.deref() !== undefined).length,
      memoryGrowth: used() - this.#before,
    };
  }
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
