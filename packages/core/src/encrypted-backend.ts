import { changed } from './at-once.js';
import type { SessionBackend, SessionRecord } from './backend.js';
import type { Cipher } from './cipher.js';
import { decorated } from './decorated-backend.js';

/**
 * The backend with the data of its records encrypted, and everything else as it is. A record that cannot be decrypted fails
 * only whoever wants its data: it can still be listed and destroyed.
 */
export function encrypted(backend: SessionBackend, cipher: Cipher): SessionBackend {
  const opened = <Answer extends object>(answer: Answer): Answer =>
    'current' in answer
      ? { ...answer, current: new EncryptedRecord(answer.current as SessionRecord, cipher) }
      : answer;
  return decorated(backend, {
    read: (ids, context) =>
      changed(backend.read(ids, context), (answers) =>
        answers.map((answer) =>
          answer === undefined || 'status' in answer ? answer : new EncryptedRecord(answer, cipher),
        ),
      ),
    write(writes, context) {
      const encrypting = writes.map((write) => ({ ...write, data: cipher.encrypt(write.id, write.data) }));
      return changed(backend.write(encrypting, context), (answers) => answers.map(opened));
    },
    touch: (touches, context) => changed(backend.touch(touches, context), (answers) => answers.map(opened)),
    async *scan(context) {
      for await (const page of backend.scan(context)) {
        yield page.map((record) => new EncryptedRecord(record, cipher));
      }
    },
  } satisfies Partial<SessionBackend>);
}

class EncryptedRecord implements SessionRecord {
  readonly id: string;
  readonly birth: string | undefined;
  readonly revision: string;
  readonly expiresAt: number;
  readonly #stored: string;
  readonly #cipher: Cipher;
  #data: string | undefined;

  constructor(record: SessionRecord, cipher: Cipher) {
    this.id = record.id;
    this.birth = record.birth;
    this.revision = record.revision;
    this.expiresAt = record.expiresAt;
    this.#stored = record.data;
    this.#cipher = cipher;
  }

  /** Throws `CANNOT_DECRYPT`. */
  get data(): string {
    this.#data ??= this.#cipher.decrypt(this.id, this.#stored);
    return this.#data;
  }
}
