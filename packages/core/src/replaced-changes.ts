/** One call that changes a session, while it is under way. */
export class Change {
  /** The newest call that puts something else in the place of what this one leaves. */
  replacedBy: Change | undefined;
  outcome: Promise<unknown> | undefined;
}

/**
 * Which calls that are under way were replaced by newer ones, of the same id or of all. What fails and is tried again later
 * would otherwise undo what was acknowledged since.
 */
export class ReplacedChanges {
  readonly #underWay = new Map<string, Set<Change>>();

  /** `replaces`: whether nothing of the calls before it is left once it is done. */
  async run<T>(id: string, replaces: boolean, work: (change: Change) => Promise<T>): Promise<T> {
    const change = new Change();
    const changes = this.#underWay.get(id) ?? new Set();
    if (replaces) {
      replace(changes, change);
    }
    this.#underWay.set(id, changes.add(change));
    try {
      const outcome = work(change);
      change.outcome = outcome;
      return await outcome;
    } finally {
      changes.delete(change);
      if (changes.size === 0) {
        this.#underWay.delete(id);
      }
    }
  }

  /** `outcome`: of a call that replaces the changes of all ids. */
  replaceAll(outcome: Promise<unknown>): void {
    const change = new Change();
    change.outcome = outcome;
    for (const changes of this.#underWay.values()) {
      replace(changes, change);
    }
  }
}

function replace(changes: ReadonlySet<Change>, by: Change): void {
  for (const change of changes) {
    change.replacedBy = by;
  }
}
