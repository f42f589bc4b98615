/** The data of a session without its cookie: each key with its value as JSON text, compared as a whole. */
export type Data = Readonly<Record<string, string>>;

/** What one request changed: the keys that it set, and with `null` those that it deleted. */
export type Changes = Readonly<Record<string, string | null>>;

/** Names a session object that a request works with, from when it was loaded or made until it is saved for the last time. */
export type Handle = string;

/** When a session is to end, as a request asked for it. */
export interface Deadline {
  /** Ms on the clock of the history. `Infinity`, and null in JSON: never. */
  readonly at: number;
  /** `true`: the request changed the lifetime, so the end is set; `false`: it can only be put off. */
  readonly exact: boolean;
}

/** Loads a session. `as` names the object that the request then has, if there is a session. */
export interface Get {
  readonly type: 'get';
  readonly as?: Handle | undefined;
}

/** Saves the session object that a request has loaded or made. */
export interface Save {
  readonly type: 'save';
  readonly by: Handle;
  /**
   * What the request changed since it loaded the session or last saved it. More than one possibility where an earlier save
   * of the same object was not answered yet, or failed: it may or may not have taken these changes along.
   */
  readonly changes: readonly Changes[];
  /** Only if the request has made the session: what it begins with, unless it has begun already. */
  readonly begins?: Beginning | undefined;
  readonly deadline: Deadline;
}

export interface Beginning {
  readonly data: Data;
  /** When the session object was made, in ms on the clock of the history. */
  readonly made: number;
}

/** Puts a plain object in the place of a whole session, or begins one. */
export interface Replace {
  readonly type: 'replace';
  readonly data: Data;
  readonly deadline: Deadline;
}

export interface Touch {
  readonly type: 'touch';
  readonly by: Handle;
  readonly deadline: Deadline;
}

/** An atomic change. A run: what its function found and what it made of that; it runs again after a conflict. */
export interface Update {
  readonly type: 'update';
  readonly runs: readonly { readonly found: Data; readonly made: Data }[];
}

export interface Destroy {
  readonly type: 'destroy';
}

export type Action = Get | Save | Replace | Touch | Update | Destroy;

/**
 * What a call was answered. `done`: success, with nothing to tell. `unknown`: an error, or nothing ever; it may have
 * happened at any moment after the call, or never.
 */
export type Answer = 'done' | 'unknown' | { readonly session: Data | undefined };

/** One call of a store: who asked for what, when, and what was answered when. */
export interface Operation {
  /** Its place in the history, in the order of the calls. */
  readonly number: number;
  /** Names the id. `undefined`: every id, which only `clear` is about. */
  readonly session: string | undefined;
  /** Names the store that was called: one instance, in one process. */
  readonly store: string;
  /** Names who called it, if that is known. */
  readonly client?: string | undefined;
  readonly action: Action;
  readonly answer: Answer;
  /** Ms on a clock that all processes of the machine share. */
  readonly called: number;
  /** The same; `Infinity`, and null in JSON, if the answer is unknown. */
  readonly returned: number;
  /** When an error came, if one came: the caller then knew as little as before. */
  readonly failed?: number | undefined;
  /**
   * The store had failed to destroy a session of this id. From then on it may hide the session that others still see: it
   * answers that there is none, and drops saves.
   */
  readonly mayHide?: boolean | undefined;
}

/** What several clients called and were answered, in the order of the calls. */
export type History = readonly Operation[];

/** Whether two sessions have the same data. */
export function sameData(one: Data, other: Data): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && one[key] === other[key])
  );
}

/** `data` after `changes`. */
export function changed(data: Data, changes: Changes): Data {
  const result: Record<string, string> = { ...data };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = value;
  }
  return result;
}
