// What a process of a soak imports: it runs as it is, so it imports packages only. The query of its URL says where the server is.
import { SessionStore, withRetries } from '@session-stores/core';
import { RedisBackend } from '@session-stores/redis';
import type { Subject } from '@session-stores/test-harness';

const where = new URL(new URL(import.meta.url).searchParams.get('where') ?? '');

class RedisWithoutGraves extends RedisBackend {
  override remove(...[removals, context]: Parameters<RedisBackend['remove']>) {
    return super.remove(
      removals.map((removal) => ({ ...removal, grace: 0 })),
      context,
    );
  }
}

const subject: Subject = {
  name: 'RedisStore without graves',
  create({ address, namespace }) {
    const url = new URL(where);
    url.host = `${address?.host}:${address?.port}`;
    const backend = new RedisWithoutGraves({ url: url.href, prefix: `${namespace}:` });
    return new SessionStore(backend, withRetries({ operationTimeout: 4_000 }));
  },
  supports: {
    network: { host: where.hostname, port: Number(where.port) },
    processes: import.meta.url,
    retries: true,
  },
};
export default subject;
