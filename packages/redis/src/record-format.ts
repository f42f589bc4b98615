/**
 * What is stored at a key, one of four. Lua tells them apart (`scripts.ts`), so the patterns stand here, side by side
 * with what writes them.
 *
 * | stored                                                 | is                                                    |
 * | ------------------------------------------------------ | ----------------------------------------------------- |
 * | `{"cookie":{"_sessionStores":"birth.revision","…}…`     | a session of ours that connect-redis can read too     |
 * | `#sessionStores birth.revision …`                       | any other data of ours: no JSON, so never mistaken    |
 * | `0e` and digits                                         | a grave: JSON for 0, which is no session to connect-redis |
 * | anything else                                           | a session that a foreign store wrote                  |
 *
 * express-session's `Cookie` copies the members that it does not know and leaves them out of its JSON: when a foreign
 * store saves a session of ours, our metadata are gone, and the record shows as foreign. That is how its write is noticed.
 */
const cookieStart = '{"cookie":{';
const inCookie = `${cookieStart}"_sessionStores":"`;
const header = '#sessionStores ';

/** What the records of ours begin with, as Lua strings and patterns: each captures the birth, then the revision. */
export const ownStarts = [inCookie, header] as const;
export const ownPatterns = [
  `^${inCookie}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+)"[,}]`,
  `^${header}([A-Za-z0-9_-]+)%.([A-Za-z0-9_-]+) `,
] as const;

const own = new RegExp(`^(?:${inCookie}|${header})([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)(?:"(?:,|(?=}))| )`);

/** Lua pattern. The birth follows as three digits a character. */
export const gravePattern = '^0e[0-9]+$';

/** The string to store for `data`, which may be any text. */
export function encodeRecord(data: string, birth: string, revision: string): string {
  // Only where what follows is surely a member or the end can ours be put before it, and taken out again.
  const next = data.startsWith(cookieStart) ? data[cookieStart.length] : undefined;
  if (next !== '"' && next !== '}') return `${header}${birth}.${revision} ${data}`;
  const comma = next === '}' ? '' : ',';
  return `${inCookie}${birth}.${revision}"${comma}${data.slice(cookieStart.length)}`;
}

/** What `encodeRecord` was given; `undefined` for what a foreign store wrote. */
export function decodeRecord(stored: string): { data: string; birth: string; revision: string } | undefined {
  const match = own.exec(stored);
  if (match === null) return undefined;
  const [start, birth, revision] = match as unknown as [string, string, string];
  const rest = stored.slice(start.length);
  return { data: stored.startsWith(header) ? rest : cookieStart + rest, birth, revision };
}
