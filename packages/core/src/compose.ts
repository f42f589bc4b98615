import type { Draft } from './commit.js';
import { recordName, SessionStoreError } from './errors.js';
import {
  type CookieData,
  cookieDataOf,
  deadlineOf,
  endOf,
  hasOnlyExpires,
  lifetimeDiffers,
} from './lifetime.js';
import { merge, type Serializer } from './merge.js';
import type { Settings } from './options.js';
import type { Origin } from './provenance.js';
import { type Base, parseSession, type Snapshot, stringify } from './snapshot.js';

/**
 * What a save writes: the changes that the request made since its base, on top of what is stored, conflict or not. With
 * the write's own snapshot alone, the second save of a session object would delete what others wrote between the two.
 * Throws `CONFLICT` where `onConflict` is `reject`, and rejects with what a function there throws.
 */
export function composeSave(origin: Origin, mine: Snapshot, settings: Settings): Draft | Promise<Draft> {
  const { base, stored } = origin;
  const { serializer, defaultMaxAge, onConflict } = settings;
  if (base === undefined || base.data === stored) {
    const cookies = {
      base: base?.cookie,
      mine: mine.cookie,
      stored: base?.cookie,
      isNew: base === undefined,
    };
    return { data: mine.data, deadline: deadlineOf(cookies, defaultMaxAge), mine };
  }
  if (onConflict === 'reject') {
    throw new SessionStoreError(
      'CONFLICT',
      `Session record ${recordName(origin.id)} was changed by another request since this one read it; reload the session and try again`,
    );
  }
  const current = parseSession(origin.id, stored, serializer);
  const theirs = cookieDataOf(current);
  const deadline = deadlineOf(
    { base: base.cookie, mine: mine.cookie, stored: theirs, isNew: false },
    defaultMaxAge,
  );
  if (onConflict === 'overwrite') {
    return { data: mine.data, deadline, mine };
  }
  const before = parseSession(origin.id, base.data, serializer);
  const after = parseSession(origin.id, mine.data, serializer);
  if (lifetimeDiffers(base.cookie, theirs) && !lifetimeDiffers(base.cookie, mine.cookie)) {
    // The one of mine says only when this request was, and would make of a cookie without an expiry one that has it.
    Object.assign(after.cookie ?? {}, { expires: theirs?.expires });
  }
  if (onConflict === 'merge') {
    const merged = merge(before, current, after, serializer);
    return { data: stringify(merged, serializer), deadline, mine };
  }
  return composedBy(onConflict(before, current, after), serializer).then((data) => ({
    data,
    deadline,
    mine,
  }));
}

async function composedBy(answer: unknown, serializer: Serializer): Promise<string> {
  const merged = await answer;
  if (typeof merged !== 'object' || merged === null || Array.isArray(merged)) {
    throw new SessionStoreError(
      'INVALID_SESSION',
      'The function onConflict must return the session to save, an object, or a promise of it',
    );
  }
  return stringify(merged, serializer);
}

/** What a plain object is written as: in place of the whole session. */
export function composeReplacement(origin: Origin, mine: Snapshot, settings: Settings): Draft {
  const stored = origin.base === undefined ? undefined : storedCookie(origin, settings);
  const base = hasOnlyExpires(mine.cookie) ? undefined : stored;
  const cookies = { base, mine: mine.cookie, stored, isNew: origin.base === undefined };
  return { data: mine.data, deadline: deadlineOf(cookies, settings.defaultMaxAge), mine };
}

/**
 * What `update` writes, if its function changed anything. Where that left lifetime and expiry as they were, the backend is to
 * leave them too: told what is left of them, it would put them off by the time that the call was under way.
 *
 * @param end When the session was to end as the function found it: `endOf` its cookie.
 */
export function composeUpdate(
  base: Base,
  end: number | null,
  mine: Snapshot,
  settings: Settings,
): Draft | undefined {
  const isMoved = endOf(mine.cookie) !== end;
  if (mine.data === base.data && !isMoved) {
    return undefined;
  }
  const cookies = { base: base.cookie, mine: mine.cookie, stored: base.cookie, isNew: false };
  return {
    data: mine.data,
    deadline:
      isMoved || lifetimeDiffers(base.cookie, mine.cookie)
        ? deadlineOf(cookies, settings.defaultMaxAge)
        : { expiry: () => ({ in: 0, exact: false }) },
    mine,
  };
}

/** The cookie that is stored; none where the record cannot be read, which a replacement mends. */
function storedCookie(origin: Origin, { serializer }: Settings): CookieData | undefined {
  try {
    return cookieDataOf(parseSession(origin.id, origin.stored, serializer));
  } catch {
    return undefined;
  }
}
