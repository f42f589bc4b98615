import { MemoryStore, RetryingMemoryStore } from '@session-stores/memory';
import type { Subject } from '@session-stores/test-harness';

const retries = new URL(import.meta.url).searchParams.get('form') === 'retrying';
const Store = retries ? RetryingMemoryStore : MemoryStore;

export default {
  name: Store.name,
  create: () => new Store(),
  supports: { retries },
} satisfies Subject;
