import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { describeWithServer } from '../src/servers/needs.js';

const main = fileURLToPath(new URL('../dist/services/main.js', import.meta.url));

function addresses(list: string | undefined) {
  return (list ?? '').split(',').map((address) => {
    const [host = '', port] = address.split(':');
    return { host, port: Number(port) };
  });
}

describeWithServer('redis-server', 'npm run services -- --cluster', (program) => {
  it('says where a Redis Cluster and the Sentinels are', { timeout: 120_000 }, async () => {
    const env = { ...process.env, REDIS_URL: 'redis://cache.example', REDIS_SERVER: program };
    const child = spawn(process.execPath, [main, '--cluster'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const variables = parseEnv(text);
      const nodes = addresses(variables.REDIS_CLUSTER_NODES);
      expect(nodes).toHaveLength(6);
      const cluster = new Cluster(nodes);
      await cluster.set('key', 'value');
      expect(await cluster.get('key')).toBe('value');
      cluster.disconnect();
      const redis = new Redis({
        name: String(variables.REDIS_SENTINEL_NAME),
        sentinels: addresses(variables.REDIS_SENTINELS),
      });
      await redis.set('key', 'value');
      expect(await redis.get('key')).toBe('value');
      redis.disconnect();
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    }
  });
});
