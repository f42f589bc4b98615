import { expect, it } from 'vitest';
import { describeWithServer } from '../../src/servers/needs.js';

describeWithServer('mongod', 'a group for TTL indexes', () => {
  it('is not even registered', () => expect.unreachable());
});

describeWithServer('mongod-binary', 'a group for a replica set', () => {
  it('is not even registered', () => expect.unreachable());
});
