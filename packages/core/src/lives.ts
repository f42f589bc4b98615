/** What this process knows of an id beyond its session objects. */
interface Life {
  /** The birth that was last seen under the id, stored or on its way. */
  birth: string | undefined;
  /** The moment at which its last destroy here was called; a session object made before that is dead. */
  destroyedAt: number;
  /** A write of it went out and was not answered: it may still be applied although its operation is over. */
  mayComeLate: boolean;
}

/**
 * The lives of the ids that this process met last. A removal that names its birth can be repeated or arrive late without
 * harm to a session that has the same id by then; one that does not could destroy it.
 */
export class Lives {
  /** What was met last, and what before that. To take out the oldest one by one is slow: a Map searches for its first. */
  #lives = new Map<string, Life>();
  #older = new Map<string, Life>();
  readonly #limit: number;
  #clock = 0;
  #clearedAt = 0;

  /** `limit`: how many at the least are remembered, and half of how many at the most. */
  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  /** A moment in the order of this process' operations. */
  now(): number {
    return ++this.#clock;
  }

  birthOf(id: string): string | undefined {
    return this.#of(id)?.birth;
  }

  saw(id: string, birth: string | undefined): void {
    const life = this.#of(id);
    if (life === undefined) {
      if (birth !== undefined) {
        this.#add(id, { birth, destroyedAt: 0, mayComeLate: false });
      }
    } else {
      life.birth = birth;
    }
  }

  lost(id: string): void {
    const life = this.#of(id);
    if (life !== undefined) {
      life.mayComeLate = true;
    }
  }

  mayComeLate(id: string): boolean {
    return this.#of(id)?.mayComeLate === true;
  }

  /** `birth`: what is still to be removed, if the destroy was given up. */
  destroyed(id: string, moment: number, birth?: string): void {
    const mayComeLate = birth !== undefined && this.mayComeLate(id);
    this.#older.delete(id);
    this.#add(id, { birth, destroyedAt: moment, mayComeLate });
  }

  cleared(moment: number): void {
    this.#lives.clear();
    this.#older.clear();
    this.#clearedAt = moment;
  }

  /** Whether the id was destroyed here after `moment`. */
  diedSince(id: string, moment: number): boolean {
    return this.#clearedAt > moment || (this.#of(id)?.destroyedAt ?? 0) > moment;
  }

  #of(id: string): Life | undefined {
    return this.#lives.get(id) ?? this.#older.get(id);
  }

  #add(id: string, life: Life): void {
    if (this.#lives.size >= this.#limit) {
      this.#older = this.#lives;
      this.#lives = new Map();
    }
    this.#lives.set(id, life);
  }
}
