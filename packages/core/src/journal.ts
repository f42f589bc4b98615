import { JournalError } from './errors.js';
import { JournalFile, resolveJournal } from './journal-file.js';
import { doneLine, entryLine, type JournalEntry } from './journal-lines.js';
import { JournalLock } from './journal-lock.js';

/** Ms after which is tried again what could not be written, if nothing else is to be written before. */
const secondTry = 1_000;

/** Bytes that a journal may have before it is looked whether most of it is done. */
const smallEnough = 64 * 1024;

interface Open {
  entry: JournalEntry;
  line: string;
  /** Resolves when the entry is on the disk; `undefined` after that has failed. */
  onDisk: Promise<void> | undefined;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * The destroys that have begun and are not confirmed, on the disk, so that the next process finishes what a crash
 * interrupted. Everything that is begun while one write is under way goes to the disk with the next, with one fsync. To
 * strike an entry out waits for no fsync: one that comes back after a power cut is finished a second time, which does no
 * harm.
 */
export class Journal {
  readonly #path: string;
  readonly #timeLimit: number;
  readonly #lock: JournalLock;
  readonly #file: JournalFile;
  readonly #open = new Map<string, Open>();
  /** How many places of the file could not be read when it was opened. */
  readonly damaged: number;
  #openBytes = 0;
  #nextNumber = 1;
  /** Something is to be written: these lines, or everything that is open. */
  #isDue = false;
  #lines: string[] = [];
  #waiting = new Set<Waiting>();
  #flushing: Promise<void> | undefined;
  /** Nobody knows what is on the disk after a write or an fsync that failed or is late, so everything is written anew. */
  #unsure = false;
  #nextTry: NodeJS.Timeout | undefined;
  #closed = false;
  /** The file may be the next process's. */
  #released = false;

  /**
   * Opens a journal, and creates it if there is none. `timeLimit`: ms that a destroy waits for the disk. Throws
   * `InvalidOptionError` where there can be no file, and `JournalError` if it is in use or cannot be read or written.
   */
  constructor(path: string, timeLimit: number) {
    this.#path = resolveJournal(path);
    this.#timeLimit = timeLimit;
    this.#lock = new JournalLock(this.#path);
    try {
      const { file, content } = JournalFile.open(this.#path);
      this.#file = file;
      this.damaged = content.damaged;
      for (const entry of content.entries) {
        this.#put({ entry, line: entryLine(entry), onDisk: Promise.resolve() });
        this.#nextNumber = Math.max(this.#nextNumber, entry.number + 1);
      }
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** What is begun and not struck out. */
  get entries(): readonly JournalEntry[] {
    return [...this.#open.values()].map(({ entry }) => entry);
  }

  /**
   * Resolves when it is on the disk that this destroy has begun. Called again with the same arguments it is the same
   * entry. Rejects with `JOURNAL_FAILED`; the entry then goes to the disk with the next write that succeeds.
   */
  begin(id: string, birth: string | undefined, begun: number, grace: number): Promise<void> {
    const known = this.#open.get(id);
    const isKnown =
      known !== undefined &&
      known.entry.birth === birth &&
      (birth !== undefined || known.entry.begun >= begun);
    if (isKnown && known.onDisk !== undefined) {
      return known.onDisk;
    }
    // The line of one entry takes the place of the other, so that there is one entry of an id.
    const number = known?.entry.number ?? this.#nextNumber++;
    const entry = { number, id, birth, begun, grace };
    const open: Open = { entry, line: entryLine(entry), onDisk: undefined };
    this.#put(open);
    const { promise: written, ...waiting } = Promise.withResolvers<void>();
    this.#waiting.add(waiting);
    this.#append(open.line);
    const onDisk = this.#withinLimit(written, () => this.#gaveUp(waiting));
    open.onDisk = onDisk;
    onDisk.catch(() => {
      const current = this.#open.get(id);
      if (current?.onDisk === onDisk) {
        current.onDisk = undefined;
      }
    });
    return onDisk;
  }

  /** Adds the birth to an entry. It waits for no fsync: without it the entry is one whose birth is not known. */
  learn(id: string, birth: string): void {
    const open = this.#open.get(id);
    if (open !== undefined && open.entry.birth !== birth) {
      const entry = { ...open.entry, birth };
      const learnt = { entry, line: entryLine(entry), onDisk: open.onDisk };
      this.#put(learnt);
      this.#append(learnt.line);
    }
  }

  /** Strikes the entry of this id out, if there is one. */
  end(id: string): void {
    const open = this.#open.get(id);
    if (open !== undefined) {
      this.#open.delete(id);
      this.#openBytes -= open.line.length;
      this.#append(doneLine(open.entry.number));
    }
  }

  /** Resolves when everything is written, or the time is up, and frees the journal for the next process. */
  async close(): Promise<void> {
    if (this.#closed) {
      return;
    }
    clearTimeout(this.#nextTry);
    if (this.#unsure) {
      this.#writeAnew();
    }
    this.#closed = true;
    try {
      await this.#withinLimit(this.#flushing ?? Promise.resolve(), () => {});
      this.#file.close();
    } catch {
      // A disk that does not answer still uses the descriptor.
    }
    this.#released = true;
    this.#lock.release();
  }

  #put(open: Open): void {
    const { id } = open.entry;
    this.#openBytes += open.line.length - (this.#open.get(id)?.line.length ?? 0);
    this.#open.set(id, open);
  }

  #append(line: string): void {
    if (this.#closed) {
      return;
    }
    this.#isDue = true;
    // What is unsure is written anew, as it is by then: on a disk that never answers, the lines would pile up.
    if (!this.#unsure) {
      this.#lines.push(line);
    }
    this.#flushing ??= this.#flush();
  }

  async #flush(): Promise<void> {
    // Whoever is called in the same turn of the event loop goes along.
    await Promise.resolve();
    while (this.#isDue && !this.#released) {
      const text = this.#lines.join('');
      const waiting = this.#waiting;
      const anew = this.#unsure;
      this.#isDue = false;
      this.#lines = [];
      this.#waiting = new Set();
      // What is given up while this is under way makes it unsure again.
      this.#unsure = false;
      try {
        await this.#write(text, anew, waiting.size > 0);
        for (const { resolve } of waiting) {
          resolve();
        }
      } catch (error) {
        this.#distrust();
        const failure = this.#failure('could not be written (the cause says why)', error);
        for (const { reject } of waiting) {
          reject(failure);
        }
      }
    }
    this.#flushing = undefined;
    if (this.#unsure && !this.#closed) {
      clearTimeout(this.#nextTry);
      this.#nextTry = setTimeout(() => this.#writeAnew(), secondTry);
      this.#nextTry.unref();
    }
  }

  #writeAnew(): void {
    this.#isDue = true;
    this.#flushing ??= this.#flush();
  }

  /** Its time is up. What is open then goes to the disk as soon as that answers, with nobody waiting for it. */
  #gaveUp(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#distrust();
    this.#isDue = true;
  }

  #distrust(): void {
    this.#unsure = true;
    this.#lines = [];
  }

  async #write(text: string, anew: boolean, toDisk: boolean): Promise<void> {
    if (anew || this.#isMostlyDone(text) || !(await this.#file.isInPlace())) {
      // All that is open is in it, also what was added since: its own line may follow and does no harm.
      await this.#file.replace([...this.#open.values()].map(({ line }) => line).join(''));
      return;
    }
    await this.#file.append(text);
    if (toDisk) {
      await this.#file.sync();
    }
  }

  #isMostlyDone(text: string): boolean {
    const size = this.#file.size + text.length;
    return size > smallEnough && this.#openBytes < size / 2;
  }

  #withinLimit(promise: Promise<void>, onLate: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        onLate();
        reject(this.#failure(`was not written within ${this.#timeLimit} ms`, undefined));
      }, this.#timeLimit);
      promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  #failure(what: string, cause: unknown): JournalError {
    return new JournalError(
      'JOURNAL_FAILED',
      `The journal ${this.#path} ${what}; until it can be, a destroy that a crash interrupts is not finished by the next process`,
      cause,
    );
  }
}
