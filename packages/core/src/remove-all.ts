import type { SessionBackend } from './backend.js';
import { maximumItems } from './batch.js';

/** What `clear` does where the backend has none: at most so many removals a call, as in a batch. */
export async function removeAll(backend: SessionBackend, grace: number, signal: AbortSignal): Promise<void> {
  for await (const page of backend.scan({ signal })) {
    const ids = [...new Set(page.map(({ id }) => id))];
    for (let start = 0; start < ids.length; start += maximumItems) {
      const removals = ids.slice(start, start + maximumItems).map((id) => ({ id, grace }));
      for (const answer of await backend.remove(removals, { signal })) {
        if (answer.status === 'error') {
          throw answer.error;
        }
      }
    }
  }
}
