/**
 * What an insert may be late by beyond the operation that sent it, in ms: what the network and a server that was stopped
 * hold back.
 */
const lateness = 30_000;

/** Ms for which an insert of an operation with this limit can still arrive. */
export function longestLateness(operationTimeout: number): number {
  return operationTimeout + lateness;
}

const noBirths: ReadonlySet<string> = new Set();

/** What this process knows of an id beyond its session objects. */
interface Life {
  /** The birth that was last seen under the id, stored or on its way. */
  birth: string | undefined;
  /** The moment at which its last destroy here was called; a session object made before that is dead. */
  destroyedAt: number;
  /** The births of writes that went out and were not answered: they may still be applied although their operations are over. */
  late: Set<string> | undefined;
}

/**
 * The lives of the ids that this process met last. A removal that names its birth can be repeated or arrive late without
 * harm to a session that has the same id by then; one that does not could destroy it.
 */
export class Lives {
  /** What was met last, and what before that. To take out the oldest one by one is slow: a Map searches for its first. */
  #lives = new Map<string, Life>();
  #older = new Map<string, Life>();
  /** Those that may come late, in the order of when that was known, whatever else was met since, and how long each is kept. */
  readonly #late = new Map<string, { readonly life: Life; readonly until: number }>();
  readonly #lateFor: number;
  readonly #limit: number;
  #clock = 0;
  #clearedAt = 0;
  /** What was asked for last, and what is known of it. */
  #askedId: string | undefined;
  #asked: Life | undefined;

  /** `lateFor`: ms for which what may come late is remembered; `limit`: how many others at the least, and half of how many at the most. */
  constructor(lateFor = longestLateness(0), limit = 20_000) {
    this.#lateFor = lateFor;
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
        this.#add(id, { birth, destroyedAt: 0, late: undefined });
      }
    } else {
      life.birth = birth;
    }
  }

  /** A write of this birth went out and was not answered. So much else may have been met since that the id is forgotten. */
  lost(id: string, birth: string): void {
    if (this.#of(id) === undefined) {
      this.saw(id, birth);
    }
    const life = this.#of(id) as Life;
    life.late = (life.late ?? new Set()).add(birth);
    this.#keepLate(id, life);
  }

  /** The births that a write may still come with. */
  lateBirths(id: string): ReadonlySet<string> {
    return this.#of(id)?.late ?? noBirths;
  }

  destroyed(id: string, moment: number): void {
    this.#die(id, moment, undefined, undefined);
  }

  /** A destroy is still to be carried out. `birth`: of what it is to remove, if that is known. */
  dying(id: string, moment: number, birth: string | undefined): void {
    this.#die(id, moment, birth, this.#of(id)?.late);
  }

  /**
   * What was destroyed after that moment stays so. What may come late is not forgotten either: a clear has found nothing of
   * it, and so left it no grave.
   */
  cleared(moment: number): void {
    for (const lives of [this.#lives, this.#older]) {
      for (const [id, { destroyedAt }] of lives) {
        if (destroyedAt <= moment) {
          lives.delete(id);
        }
      }
    }
    this.#clearedAt = moment;
    this.#askedId = undefined;
  }

  /** Whether the id was destroyed here after `moment`. */
  diedSince(id: string, moment: number): boolean {
    return this.#clearedAt > moment || (this.#of(id)?.destroyedAt ?? 0) > moment;
  }

  #die(id: string, moment: number, birth: string | undefined, late: Set<string> | undefined): void {
    const life = { birth, destroyedAt: Math.max(moment, this.#of(id)?.destroyedAt ?? 0), late };
    this.#older.delete(id);
    this.#late.delete(id);
    this.#add(id, life);
    if (late !== undefined) {
      this.#keepLate(id, life);
    }
  }

  #of(id: string): Life | undefined {
    // One operation asks several times, and of most ids nothing is known, which takes looking everywhere.
    if (id !== this.#askedId) {
      this.#asked = this.#lives.get(id) ?? this.#older.get(id) ?? this.#late.get(id)?.life;
      this.#askedId = id;
    }
    return this.#asked;
  }

  #keepLate(id: string, life: Life): void {
    const now = performance.now();
    for (const [oldest, { until }] of this.#late) {
      if (until > now) {
        break;
      }
      this.#late.delete(oldest);
      this.#askedId = undefined;
    }
    this.#late.delete(id);
    this.#late.set(id, { life, until: now + this.#lateFor });
  }

  #add(id: string, life: Life): void {
    if (this.#lives.size >= this.#limit) {
      this.#older = this.#lives;
      this.#lives = new Map();
      this.#askedId = undefined;
    }
    this.#lives.set(id, life);
    if (id === this.#askedId) {
      this.#asked = life;
    }
  }
}
