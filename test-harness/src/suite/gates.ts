/** A place in a route where requests wait until a check lets them go on. Nothing in it depends on time. */
export class Gate {
  readonly #waiting: (() => void)[] = [];
  readonly #watchers: { count: number; resolve: () => void }[] = [];
  #arrived = 0;
  #open = false;

  /** What a route awaits: resolves when the gate is opened. */
  pass(): Promise<void> {
    this.#arrived += 1;
    for (const watcher of this.#watchers) {
      if (this.#arrived >= watcher.count) watcher.resolve();
    }
    if (this.#open) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when so many requests in all have come to this gate. */
  arrived(count = 1): Promise<void> {
    if (this.#arrived >= count) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push({ count, resolve }));
  }

  /** Lets everybody through, now and from now on. */
  open(): void {
    this.#open = true;
    for (const proceed of this.#waiting.splice(0)) proceed();
  }
}

/** The gates of one application by name; a gate is there from its first mention, by a route or by a check. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  get(name: string): Gate {
    const existing = this.#gates.get(name);
    if (existing !== undefined) return existing;
    const gate = new Gate();
    this.#gates.set(name, gate);
    return gate;
  }

  openAll(): void {
    for (const gate of this.#gates.values()) gate.open();
  }
}
