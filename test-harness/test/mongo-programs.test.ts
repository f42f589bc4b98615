import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildFerret } from '../src/servers/ferretdb-program.js';
import { findMongod } from '../src/servers/find-mongo.js';
import { startMongo } from '../src/servers/mongo.js';
import { startMongoReplicaSet } from '../src/servers/mongo-replica-set.js';

/** What a user reads when a program is not there, or is not fit. */
describe('the programs of MongoDB', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-stores-test-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  /** A program that complains and ends. */
  async function broken(name: string, complaint: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\necho '${complaint}' >&2\nexit 14\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('are taken from MONGOMS_SYSTEM_BINARY, which must name one', async () => {
    const named = await broken('my-mongod', '');
    vi.stubEnv('MONGOMS_SYSTEM_BINARY', named);
    expect(await findMongod()).toBe(named);
    vi.stubEnv('MONGOMS_SYSTEM_BINARY', '/not/here/mongod');
    await expect(findMongod()).rejects.toThrow('MONGOMS_SYSTEM_BINARY names no program: /not/here/mongod');
  });

  it('are taken from PATH otherwise', async () => {
    const onPath = await broken('mongod', '');
    vi.stubEnv('MONGOMS_SYSTEM_BINARY', '');
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
    expect(await findMongod()).toBe(onPath);
  });

  it('say why they do not start', async () => {
    const complaint = 'Illegal processor, of all things';
    vi.stubEnv('MONGOMS_SYSTEM_BINARY', await broken('mongod', complaint));
    await expect(startMongo()).rejects.toThrow(`ended (14) before it was ready:\n${complaint}`);
    await expect(startMongoReplicaSet({ members: 1 })).rejects.toThrow(complaint);
  });

  it('say why they cannot be compiled', async () => {
    await broken('go', 'go.mod asks for more than that');
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
    await expect(buildFerret()).rejects.toThrow(/Go 1\.24 or later.*\ngo\.mod asks for more than that/);
  });
});
