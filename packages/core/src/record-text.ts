/**
 * A record as one string, for storages that share their sessions with a store of other people. It is one of four:
 *
 * | stored                                              | is                                                           |
 * | --------------------------------------------------- | ------------------------------------------------------------ |
 * | `{"cookie":{"_sessionStores":"birth.revision","…}…` | a session of ours that a store which keeps bare JSON can read |
 * | `#sessionStores birth.revision …`                   | any other data of ours: no JSON, so never mistaken           |
 * | `0e` and digits                                     | a grave: JSON for 0, which is no session to such a store     |
 * | anything else                                       | a session that a foreign store wrote                         |
 *
 * express-session's `Cookie` copies the members that it does not know and leaves them out of its JSON: when a foreign
 * store saves a session of ours, our metadata are gone, and the record shows as foreign. That is how its write is noticed.
 */
const cookieStart = '{"cookie":{';
const inCookie = `${cookieStart}"_sessionStores":"`;
const header = '#sessionStores ';

/** What a session of ours begins with. Its birth, a dot, its revision and one of `"` and space follow. */
export const recordStarts: readonly [inCookie: string, header: string] = [inCookie, header];

const own = new RegExp(`^(?:${inCookie}|${header})([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)(?:"(?:,|(?=}))| )`);

/** The string to store for `data`, which may be any text. */
export function encodeRecord(data: string, birth: string, revision: string): string {
  // Only where what follows is surely a member or the end can ours be put before it, and taken out again.
  const next = data.startsWith(cookieStart) ? data[cookieStart.length] : undefined;
  if (next !== '"' && next !== '}') {
    return `${header}${birth}.${revision} ${data}`;
  }
  const comma = next === '}' ? '' : ',';
  return `${inCookie}${birth}.${revision}"${comma}${data.slice(cookieStart.length)}`;
}

/** What `encodeRecord` was given; `undefined` for a grave and for what a foreign store wrote. */
export function decodeRecord(stored: string): { data: string; birth: string; revision: string } | undefined {
  const match = own.exec(stored);
  if (match === null) {
    return undefined;
  }
  const [start, birth, revision] = match as unknown as [string, string, string];
  const rest = stored.slice(start.length);
  return { data: stored.startsWith(header) ? rest : cookieStart + rest, birth, revision };
}

const threeDigits = Array.from({ length: 256 }, (_, byte) => String(byte).padStart(3, '0'));

/** The string to store for the grave of a birth: three digits a byte. */
export function graveText(birth: string): string {
  let text = '0e';
  for (const byte of Buffer.from(birth)) {
    text += threeDigits[byte];
  }
  return text;
}

export function isGrave(stored: string): boolean {
  return /^0e\d+$/.test(stored);
}
