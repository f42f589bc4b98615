import { randomFillSync } from 'node:crypto';

/**
 * A revision is its own token followed by the tokens of up to eight ancestors, newest first. With the current revision
 * alone a writer whose reply was lost cannot tell "my write is in what another wrote on top of it" from "my write never
 * arrived".
 */
const tokenLength = 12;
const ancestorsLength = 8 * tokenLength;

const pool = Buffer.allocUnsafe(9 * 1024);
let used = pool.length;

function randomToken(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const token = pool.toString('base64url', used, used + bytes);
  used += bytes;
  return token;
}

/** A revision that replaces `previous`; without it, the first one of a record. */
export function freshRevision(previous?: string): string {
  const own = randomToken(9);
  if (previous === undefined) {
    return own;
  }
  // What a foreign store wrote has the backend's hash for a revision, of which only the first token is a name.
  const ours = previous.length % tokenLength === 0;
  return own + previous.slice(0, ours ? ancestorsLength : tokenLength);
}

/** Whether `revision` is `ancestor` or was made, within eight writes, on top of it. */
export function descendsFrom(revision: string, ancestor: string): boolean {
  for (let start = 0; start + tokenLength <= revision.length; start += tokenLength) {
    if (revision.startsWith(ancestor.slice(0, tokenLength), start)) {
      return true;
    }
  }
  return false;
}

/** Characters of a birth that tell its time. */
const timeLength = 8;
/** No birth was made before that, in epoch ms (2020-01-01). */
const firstBirth = 1_577_836_800_000;
/** Ms that a clock may be ahead. */
const dayLong = 86_400_000;

/**
 * Names one life of an id: when it began (epoch ms, 48 bits), and 48 random bits. Two lives of one id that began in the same
 * ms are told apart by these.
 */
export function freshBirth(time = Date.now()): string {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(time, 0, 6);
  return bytes.toString('base64url') + randomToken(6);
}

/** The birth that a foreign store's session is given with the first save of ours: nobody knows when it began. */
export function adoptedBirth(): string {
  return freshBirth(0);
}

export function isAdopted(birth: string | undefined): boolean {
  return birth?.length === 2 * timeLength && birth.startsWith('A'.repeat(timeLength));
}

/** When a life began, in epoch ms; `undefined` if its birth does not tell. */
export function bornAt(birth: string): number | undefined {
  const bytes = Buffer.from(birth.slice(0, timeLength), 'base64url');
  const time = bytes.length === 6 ? bytes.readUIntBE(0, 6) : 0;
  return birth.length === 2 * timeLength && time >= firstBirth && time <= Date.now() + dayLong
    ? time
    : undefined;
}
