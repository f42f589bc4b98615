import { expect, it } from 'vitest';
import { describeWithServer } from '../../src/servers/needs.js';

describeWithServer('redis', 'a group for Redis', () => {
  it('is not even registered', () => expect.unreachable());
});

describeWithServer('postgres', 'a group for PostgreSQL', (url) => {
  it('gets the URL', () => expect(url).toBe('postgres://here'));
});
