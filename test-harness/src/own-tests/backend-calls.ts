import type { CallContext, OpenContext, RecordWrite, SessionBackend } from '@session-stores/core';

let made = 0;

/** A write that inserts, valid for a minute, unless told otherwise. */
export function sample(changes: Partial<RecordWrite> = {}): RecordWrite {
  made += 1;
  return {
    id: `id-${made}`,
    data: `{"cookie":{"originalMaxAge":60000},"made":${made}}`,
    birth: `birth-${made}`,
    revision: `revision-${made}`,
    expiry: { in: 60_000, exact: true },
    expect: 'absent',
    ...changes,
  };
}

/** The context of a call that has so many ms. */
export function within(milliseconds = 10_000): CallContext {
  return { signal: AbortSignal.timeout(milliseconds) };
}

/** Opens a backend; what it reports beside its calls ends up in the list. */
export async function opened<Backend extends SessionBackend>(
  backend: Backend,
): Promise<[Backend, unknown[]]> {
  const reported: unknown[] = [];
  const context: OpenContext = {
    ...within(20_000),
    onError: (error) => reported.push(error),
    onEvicted: () => reported.push('evicted'),
  };
  await backend.open?.(context);
  return [backend, reported];
}

/** The answer to one item. */
export async function one<Answer>(answers: Promise<readonly Answer[]>): Promise<Answer> {
  return (await answers)[0] as Answer;
}

/** What a call rejects with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error('the call succeeded');
  return outcome.error;
}
