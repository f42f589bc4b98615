import type { Store } from 'express-session';
import { checkMembers, checkType, checkWholeNumber } from '../arguments.js';

/** Where a server listens: host name and port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a subject is given to make a store with. Two stores made with the same surroundings share their sessions. */
export interface Surroundings {
  /**
   * `[a-z][a-z0-9_]*`, at most 40 characters, its own for every check: to be used as the prefix, table or file name, so
   * that no check sees the sessions of another.
   */
  readonly namespace: string;
  /** An empty folder of this namespace, for stores that keep files. The suite deletes it. */
  readonly directory: string;
  /**
   * Where the subject has to connect to: the suite's fault proxy before the server that `supports.network` names.
   * `undefined` for a subject without `supports.network`.
   */
  readonly address: Address | undefined;
}

/** What a subject can take part in. What it leaves out is reported as not applicable, never as passed. */
export interface Supports {
  /**
   * The server that the store talks to over TCP, so that the suite can put its fault proxy in between. The store must
   * connect to `surroundings.address` and nowhere else.
   */
  readonly network?: Address | undefined;
  /**
   * Several stores made with the same surroundings, in one process, share their sessions. A store that keeps its sessions
   * in itself leaves this out.
   */
  readonly shared?: boolean | undefined;
  /**
   * Processes: several processes share the sessions. The URL of the module whose default export is this subject (or makes
   * it), which child processes import.
   */
  readonly processes?: string | URL | undefined;
  /** Stores garbage, not readable as a session, under this id. */
  corrupt?(id: string, surroundings: Surroundings): Promise<void>;
  /**
   * Sessions are listed by `ids` and `all`, and named in errors, not by their ids but by something that is made of them, such
   * as a hash: this one.
   */
  storedId?(id: string): string;
  /** The store retries transient failures by itself. Without it the retry checks run on `RetryingStore` around it. */
  readonly retries?: boolean | undefined;
}

/**
 * A session store that is held against the suite. A module hands it to the command line as its default export, or exports
 * just a function that makes a store.
 */
export interface Subject {
  readonly name: string;
  /** Makes a store on the storage of these surroundings. Called several times with the same surroundings if `shared`. */
  create(surroundings: Surroundings): Store | Promise<Store>;
  /** Gives up what `create` opened for this store. Default: `store.close()` where there is one. */
  close?(store: Store): void | Promise<void>;
  readonly supports?: Supports | undefined;
}

/** What a module of a store's author exports: a subject, or just a function that makes a store. */
export type SubjectLike = Subject | Subject['create'];

/** The subject that `exported` is or makes. Throws a `TypeError` that says what to export. */
export function subjectFrom(exported: unknown, name = 'store'): Subject {
  if (typeof exported === 'function') {
    return { name: exported.name || name, create: exported as Subject['create'] };
  }
  if (typeof exported !== 'object' || exported === null) {
    throw new TypeError(
      `a subject has to be a function that makes a store, or { name, create, close?, supports? }; got ${typeof exported}`,
    );
  }
  const subject = exported as Partial<Subject>;
  if (typeof subject.create !== 'function') {
    throw new TypeError(
      'a subject has to have `create`: a function that makes a store on the given surroundings',
    );
  }
  if (subject.name !== undefined && typeof subject.name !== 'string') {
    throw new TypeError('the `name` of a subject has to be a string');
  }
  checkType('`close` of a subject', subject.close, 'function');
  if (subject.supports !== undefined) checkSupports(subject.supports);
  return { ...subject, create: subject.create, name: subject.name ?? name };
}

const supportable = {
  network: true,
  shared: true,
  processes: true,
  corrupt: true,
  storedId: true,
  retries: true,
} satisfies Record<keyof Supports, true>;

function checkSupports(supports: Supports): void {
  checkMembers('`supports` of a subject', supports, supportable);
  const { network, processes } = supports;
  if (network !== undefined) {
    if (typeof network?.host !== 'string' || network.host === '') {
      throw new TypeError(
        '`supports.network` has to be { host, port }: where the server of the store listens',
      );
    }
    checkWholeNumber('`supports.network.port`', network.port, 1, 65_535);
  }
  if (processes !== undefined && typeof processes !== 'string' && !(processes instanceof URL)) {
    throw new TypeError('`supports.processes` has to be the URL of a module, such as import.meta.url');
  }
  for (const name of ['shared', 'retries'] as const)
    checkType(`\`supports.${name}\``, supports[name], 'boolean');
  for (const name of ['corrupt', 'storedId'] as const)
    checkType(`\`supports.${name}\``, supports[name], 'function');
}
