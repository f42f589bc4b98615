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
  readonly #lives = new Map<string, Life>();
  readonly #limit: number;
  #clock = 0;
  #clearedAt = 0;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  /** A moment in the order of this process' operations. */
  now(): number {
    return ++this.#clock;
  }

  birthOf(id: string): string | undefined {
    return this.#lives.get(id)?.birth;
  }

  saw(id: string, birth: string | undefined): void {
    const life = this.#lives.get(id);
    if (life === undefined) {
      if (birth !== undefined) {
        this.#add(id, { birth, destroyedAt: 0, mayComeLate: false });
      }
    } else {
      life.birth = birth;
    }
  }

  lost(id: string): void {
    const life = this.#lives.get(id);
    if (life !== undefined) {
      life.mayComeLate = true;
    }
  }

  mayComeLate(id: string): boolean {
    return this.#lives.get(id)?.mayComeLate === true;
  }

  /** `birth`: what is still to be removed, if the destroy was given up. */
  destroyed(id: string, moment: number, birth?: string): void {
    const mayComeLate = birth !== undefined && this.mayComeLate(id);
    this.#lives.delete(id);
    this.#add(id, { birth, destroyedAt: moment, mayComeLate });
  }

  cleared(moment: number): void {
    this.#lives.clear();
    this.#clearedAt = moment;
  }

  /** Whether the id was destroyed here after `moment`. */
  diedSince(id: string, moment: number): boolean {
    return this.#clearedAt > moment || (this.#lives.get(id)?.destroyedAt ?? 0) > moment;
  }

  #add(id: string, life: Life): void {
    this.#lives.set(id, life);
    if (this.#lives.size > this.#limit) {
      const oldest = this.#lives.keys().next();
      if (!oldest.done) {
        this.#lives.delete(oldest.value);
      }
    }
  }
}
