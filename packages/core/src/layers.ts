import type { SessionBackend } from './backend.js';
import { cached } from './cached-backend.js';
import { BackendCalls } from './calls.js';
import { encrypted } from './encrypted-backend.js';
import type { SessionStoreError } from './errors.js';
import { type Emit, record } from './events.js';
import type { Settings } from './options.js';

/**
 * The calls of a backend, around which the options have put encryption and then a cache: what is kept is decrypted. Throws
 * `InvalidOptionError` where the backend can have no cache.
 */
export function callsOf(
  storeName: string,
  backend: SessionBackend,
  { operationTimeout, policy, atRest, cache }: Settings,
  hooks: {
    readonly report: Emit;
    onError(error: SessionStoreError): void;
    readonly onAnswered: (() => void) | undefined;
  },
): BackendCalls {
  const { report, onError, onAnswered } = hooks;
  const readable = atRest.cipher === undefined ? backend : encrypted(backend, atRest.cipher);
  return new BackendCalls(
    cache === undefined ? readable : cached(storeName, readable, cache),
    { call: policy?.attemptTimeout ?? operationTimeout, open: operationTimeout },
    {
      onError,
      onEvicted: (id) => report('evicted', () => record(id)),
      onAnswered,
      breakers: {
        opened: (route, calls, failures, error) =>
          report('breakerOpened', () => ({ route, calls, failures, error })),
        closed: (route, calls, milliseconds) =>
          report('breakerClosed', () => ({ route, calls, milliseconds })),
      },
    },
  );
}
