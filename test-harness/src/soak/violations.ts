/** What must never happen, and what it is called in a report. */
export const violationTitles = {
  aliveAfterLogout: 'sessions alive after an acknowledged logout',
  lostSessions: 'sessions that were never ended and are gone',
  lostWrites: 'acknowledged writes lost or undone',
  miscounted: 'counters that are wrong',
  contradictions: 'sessions whose calls no order explains',
  strangers: 'answers with the session of somebody else',
  unanswered: 'requests without an answer',
  calledTwice: 'callbacks called twice',
  calledEarly: 'callbacks called before the method returned',
  neverCalled: 'callbacks never called',
  died: 'processes that died by themselves',
  unhandled: 'unhandled rejections',
  notRecovered: 'failures after all was well again',
  socketsLeft: 'sockets left',
  timersLeft: 'timers left',
  memoryLeft: 'processes that kept memory',
  notEnded: 'processes that did not end by themselves',
} as const;

export type ViolationKind = keyof typeof violationTitles;

export type ViolationCounts = Readonly<Record<ViolationKind, number>>;

/** So many of a kind are told at length; all are counted. */
const mostTold = 5;

/** Says how it came, when the run is over. */
type Teller = () => string | Promise<string>;

/** Counts what was broken, and keeps how it came to the first few. */
export class Violations {
  readonly #counts = Object.fromEntries(Object.keys(violationTitles).map((kind) => [kind, 0])) as Record<
    ViolationKind,
    number
  >;
  readonly #tellers: { readonly kind: ViolationKind; readonly tell: Teller }[] = [];

  count(kind: ViolationKind, tell: Teller): void {
    if (this.tells(kind)) this.#tellers.push({ kind, tell });
    this.#counts[kind] += 1;
  }

  /** Whether the next one of this kind will be told. */
  tells(kind: ViolationKind): boolean {
    return this.#counts[kind] < mostTold;
  }

  get counts(): ViolationCounts {
    return { ...this.#counts };
  }

  details(): Promise<string[]> {
    return Promise.all(
      this.#tellers.map(async ({ kind, tell }) => `${violationTitles[kind]}: ${await tell()}`),
    );
  }
}
