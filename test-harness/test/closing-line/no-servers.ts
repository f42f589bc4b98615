import type { TestProject } from 'vitest/node';
import '../../src/servers/needs.js';

export default function setup(project: TestProject): void {
  project.provide('servers', {
    redis: undefined,
    'redis-server': undefined,
    postgres: 'postgres://here',
    'postgres-server': undefined,
    pgbouncer: undefined,
    mongo: undefined,
    'mongo-server': undefined,
    ferretdb: undefined,
    mongod: undefined,
    'mongod-binary': undefined,
    mongos: undefined,
    chromium: undefined,
  });
}
