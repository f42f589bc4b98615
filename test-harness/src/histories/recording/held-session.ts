import type { Beginning, Changes, Data, Handle } from '../../model/operation.js';
import type { RequestSession } from '../../suite/direct-request.js';
import { changesBetween, dataOf } from './data.js';

/** What a save is recorded as, and who has to be told how it ended. */
interface Saving {
  readonly action: {
    readonly by: Handle;
    readonly changes: readonly Changes[];
    readonly begins?: Beginning | undefined;
  };
  ended(succeeded: boolean): void;
}

/** `req.session` of one request, and what it was when it was loaded or saved. */
export class HeldSession {
  readonly id: string;
  readonly handle: Handle;
  readonly session: RequestSession;
  /** When it was made; `undefined`: it was loaded. */
  readonly #made: number | undefined;
  /** What its next save may be compared with. Several where nobody knows yet whether one before it took effect. */
  #bases: readonly Data[];

  constructor(
    id: string,
    handle: Handle,
    session: RequestSession,
    origin: { readonly base: Data } | { readonly made: number },
  ) {
    this.id = id;
    this.handle = handle;
    this.session = session;
    this.#bases = ['base' in origin ? origin.base : {}];
    this.#made = 'made' in origin ? origin.made : undefined;
  }

  saving(): Saving {
    const data = dataOf(this.session);
    const before = this.#bases;
    const changes = before.map((base) => changesBetween(base, data));
    this.#bases = [...before, data];
    const begins = this.#made === undefined ? undefined : { data, made: this.#made };
    return {
      action: { by: this.handle, changes: withoutRepeats(changes), begins },
      ended: (succeeded) => {
        if (succeeded) this.#bases = this.#bases.slice(this.#bases.indexOf(data));
      },
    };
  }
}

function withoutRepeats(changes: readonly Changes[]): Changes[] {
  const texts = new Set(changes.map((each) => JSON.stringify(each)));
  return [...texts].map((text) => JSON.parse(text) as Changes);
}
