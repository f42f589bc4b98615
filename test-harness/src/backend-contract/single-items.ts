import { randomBytes } from 'node:crypto';
import type {
  Expiry,
  RecordWrite,
  RemoveAnswer,
  SessionBackend,
  SessionRecord,
  TouchAnswer,
  WriteAnswer,
} from '@session-stores/core';
import { expectEqual, expectThat } from '../suite/expectations.js';
import type { BackendTrial } from './backend-check.js';

/** Longer than any check takes. */
export const later: Expiry = { in: 60_000, exact: true };

/** Names a birth or a revision, as core does: twelve characters of base64url. */
export function newName(): string {
  return randomBytes(9).toString('base64url');
}

/** As sessions are, and as nothing but a text: a storage may keep the names of a record in either another way. */
export const formsOfData = ['{"cookie":{"originalMaxAge":60000}}', 'no JSON'] as const;

/** What a name must not be taken for. */
export function notWhole(name: string): readonly string[] {
  return [name.slice(0, -1), `${name}x`, name.toLowerCase()];
}

export function newInsert(id: string, fields: Partial<RecordWrite> = {}): RecordWrite {
  return {
    id,
    data: `{"cookie":{"originalMaxAge":60000},"of":"${newName()}"}`,
    birth: newName(),
    revision: newName(),
    expiry: later,
    expect: 'absent',
    ...fields,
  };
}

/** An update of the record that `before` wrote. */
export function newUpdate(before: RecordWrite, fields: Partial<RecordWrite> = {}): RecordWrite {
  return newInsert(before.id, { birth: before.birth, expect: { revision: before.revision }, ...fields });
}

/** Calls with one item, as a check reads best. */
export class SingleItems {
  readonly #trial: BackendTrial;
  readonly #backend: SessionBackend;

  constructor(trial: BackendTrial, backend = trial.backend) {
    this.#trial = trial;
    this.#backend = backend;
  }

  async write(write: RecordWrite): Promise<WriteAnswer> {
    const answers = await this.#backend.write([write], this.#trial.context);
    return only(answers, 'a write');
  }

  /** A write that has to succeed, because the check is about what comes after it. */
  async written(write: RecordWrite): Promise<RecordWrite> {
    expectEqual('a write that nothing speaks against', await this.write(write), { status: 'written' });
    return write;
  }

  async touch(id: string, revision: string, expiry: Expiry = later): Promise<TouchAnswer> {
    const answers = await this.#backend.touch([{ id, revision, expiry }], this.#trial.context);
    return only(answers, 'a touch');
  }

  async remove(id: string, birth?: string, grace = 0): Promise<RemoveAnswer> {
    const removal = birth === undefined ? { id, grace } : { id, birth, grace };
    return only(await this.#backend.remove([removal], this.#trial.context), 'a removal');
  }

  async read(id: string): Promise<SessionRecord | undefined> {
    const answer = only(await this.#backend.read([id], this.#trial.context), 'a read');
    if (answer !== undefined && 'status' in answer) throw answer.error;
    return answer;
  }

  /** Fails unless the record that `write` wrote is what is stored. */
  async expectStored(did: string, write: RecordWrite): Promise<SessionRecord> {
    const record = await this.read(write.id);
    expectRecord(`${did}, then read`, record, write);
    return record;
  }

  async expectAbsent(did: string, id: string): Promise<void> {
    expectEqual(`${did}, then read`, await this.read(id), undefined);
  }
}

/** Writes many at once that nothing speaks against. */
export async function writeAll(trial: BackendTrial, writes: readonly RecordWrite[]): Promise<void> {
  const answers = await trial.backend.write(writes, trial.context);
  expectEqual(
    `wrote ${writes.length} at once`,
    answers.map(({ status }) => status),
    writes.map(() => 'written'),
  );
}

/** Fails unless `came` is the record that `write` wrote; of its expiry only that it is a number. */
export function expectRecord(did: string, came: unknown, write: RecordWrite): asserts came is SessionRecord {
  const { id, data, birth, revision } = write;
  const { expiresAt, ...rest } = (came ?? {}) as SessionRecord;
  expectEqual(did, rest, { id, data, birth, revision });
  expectThat(typeof expiresAt === 'number', did, 'an expiry in epoch ms', expiresAt);
}

/** Fails unless `came` is a refusal of this status that brings the record that `current` wrote. */
export function expectRefusal(
  did: string,
  came: WriteAnswer | TouchAnswer,
  status: 'conflict' | 'changed',
  current: RecordWrite,
): void {
  expectEqual(did, came.status, status);
  expectRecord(did, 'current' in came ? came.current : undefined, current);
}

function only<Answer>(answers: readonly Answer[], did: string): Answer {
  expectEqual(`${did} of one item: number of answers`, answers.length, 1);
  return answers[0] as Answer;
}
