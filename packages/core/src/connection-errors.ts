const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'TIMEOUT',
]);

export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code);
}

export function isPassing(error: unknown): boolean {
  return connectionCodes.has(codeOf(error)) || isMissingSocket(error);
}

export function isMissingSocket(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' && (error as { syscall?: unknown }).syscall === 'connect';
}

/** Only where no connection came about: otherwise the server may have what it did not answer. */
export function neverSent(error: unknown): boolean {
  // Of a name with several addresses Node tells what became of each.
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.every(neverSent);
  }
  const { syscall } = error as { syscall?: unknown };
  return (
    isMissingSocket(error) ||
    (syscall === 'connect' && codeOf(error) !== 'ECONNRESET') ||
    (syscall === 'getaddrinfo' && ['ENOTFOUND', 'EAI_AGAIN'].includes(codeOf(error)))
  );
}
