import {
  chmodSync,
  close,
  closeSync,
  copyFileSync,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  open,
  openSync,
  readFileSync,
  realpathSync,
  rename,
  renameSync,
  stat,
  statSync,
  write,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InvalidOptionError, JournalError } from './errors.js';
import { entryLine, type JournalContent, readJournal } from './journal-lines.js';

/** For nobody but the owner: without `hashIds` there are session ids in it. */
const mode = 0o600;

/** Windows refuses to (EPERM): its file systems keep a journal of names by themselves. */
const syncsDirectories = process.platform !== 'win32';

/** The path that all names of one file share. Throws `InvalidOptionError` if there can be no journal. */
export function resolveJournal(path: string): string {
  let directory: string;
  try {
    directory = realpathSync(dirname(path));
  } catch (error) {
    throw new InvalidOptionError(
      `Option 'journal': there is no directory ${dirname(path)}; create it, or pass a path in one that exists`,
      { cause: error },
    );
  }
  const named = join(directory, basename(path));
  const found = statSync(named, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) {
    throw new InvalidOptionError(`Option 'journal': ${named} is no file; pass the path of a file`);
  }
  return found === undefined ? named : realpathSync(named);
}

/** The journal on the disk. Whoever has it has the lock. */
export class JournalFile {
  readonly #path: string;
  #descriptor: number;
  /** Bytes. */
  #size: number;

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#size = fstatSync(descriptor).size;
  }

  /**
   * Reads what is there, and puts what is whole and not done in its place, with the mode 0600. What is damaged is kept in
   * `<journal>.damaged`. Throws `JournalError` with `JOURNAL_FAILED`, and then leaves everything as it was.
   */
  static open(path: string): { file: JournalFile; content: JournalContent } {
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      const content = readJournal(found === undefined ? Buffer.alloc(0) : readFileSync(path));
      if (!content.isJournal) {
        throw new Error(
          'It holds something else; pass the path of a journal, or of a file that does not exist',
        );
      }
      if (content.damaged > 0) {
        copyFileSync(path, `${path}.damaged`);
        chmodSync(`${path}.damaged`, mode);
      }
      const descriptor = openSync(`${path}.new`, 'w', mode);
      try {
        writeFileSync(descriptor, content.entries.map(entryLine).join(''));
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      chmodSync(`${path}.new`, mode);
      renameSync(`${path}.new`, path);
      syncDirectory(path);
      return { file: new JournalFile(path, openSync(path, 'a', mode)), content };
    } catch (error) {
      throw new JournalError(
        'JOURNAL_FAILED',
        `The journal ${path} could not be opened (the cause says why); nothing of it was changed`,
        error,
      );
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Whether the path still leads to this file: what is written to one that was deleted is lost, without an error. */
  async isInPlace(): Promise<boolean> {
    const inode = await new Promise<number | undefined>((resolve) => {
      stat(this.#path, (error, found) => resolve(error ? undefined : found.ino));
    });
    return inode === fstatSync(this.#descriptor).ino;
  }

  async append(text: string): Promise<void> {
    await writeAll(this.#descriptor, text);
    this.#size += text.length;
  }

  /** Resolves when what was appended is on the disk. */
  sync(): Promise<void> {
    return settled((done) => fdatasync(this.#descriptor, done));
  }

  /** Puts `text` in place of everything: a crash leaves the one or the other, whole. */
  async replace(text: string): Promise<void> {
    const fresh = await opened(`${this.#path}.new`, 'w');
    try {
      await writeAll(fresh, text);
      await settled((done) => fsync(fresh, done));
      await settled((done) => rename(`${this.#path}.new`, this.#path, done));
    } catch (error) {
      closeSync(fresh);
      throw error;
    }
    closeSync(this.#descriptor);
    this.#descriptor = fresh;
    this.#size = text.length;
    if (!syncsDirectories) return;
    const directory = await opened(dirname(this.#path), 'r');
    await settled((done) => fsync(directory, done)).finally(() => close(directory, () => {}));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A file whose new name is not on the disk is not there after a power cut. */
function syncDirectory(path: string): void {
  if (!syncsDirectories) return;
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The text is ASCII: a character is a byte. */
async function writeAll(descriptor: number, text: string): Promise<void> {
  for (let from = 0; from < text.length; ) {
    from += await new Promise<number>((resolve, reject) => {
      write(descriptor, text.slice(from), null, 'latin1', (error, written) =>
        error ? reject(error) : resolve(written),
      );
    });
  }
}

function opened(path: string, flags: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, mode, (error, descriptor) => (error ? reject(error) : resolve(descriptor)));
  });
}

function settled(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
