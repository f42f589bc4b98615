import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DockerService, dockerServices, startInDocker } from '../../src/servers/docker.js';
import { readCompose, readDockerReadme } from './compose-file.js';

let folder: string;
const path = process.env.PATH;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'session-stores-docker-'));
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

describe('the services that can be started in Docker', () => {
  it('are those of docker/compose.yaml, with its variables and the URLs of the README', () => {
    const { services } = readCompose('compose.yaml');
    expect(Object.keys(dockerServices).sort()).toEqual(Object.keys(services).sort());
    for (const [name, { variable, url }] of Object.entries(dockerServices)) {
      const [, named, port] = /\$\{(\w+):-(\d+)\}/.exec(services[name]?.ports?.join() ?? '') ?? [];
      expect(named).toBe(variable);
      expect(readDockerReadme()).toContain(`\`${url(Number(port))}\``);
    }
  });
});

// No engine can be had where these checks run: a program in the place of `docker` notes down what it is asked.
describe('a server in Docker', () => {
  async function docker(script: string): Promise<() => Promise<string[]>> {
    const program = join(folder, 'docker');
    const notes = join(folder, 'notes');
    await writeFile(program, `#!/bin/sh\necho "$* [$REDIS_PORT]" >> '${notes}'\n${script}\n`);
    await chmod(program, 0o755);
    process.env.PATH = `${folder}:/usr/bin:/bin`;
    return async () => (await readFile(notes, 'utf8')).trim().split('\n');
  }
  const start = (service: DockerService) => startInDocker(service);

  it('is none where there is no docker', async () => {
    process.env.PATH = folder;
    expect(await start('redis')).toBeUndefined();
  });

  it('is none where no engine runs', async () => {
    const asked = await docker('test "$1" = compose');
    expect(await start('redis')).toBeUndefined();
    expect(await asked()).toEqual(['compose version []', 'info []']);
  });

  it('is on a port of its own, and is gone with its data after stop', async () => {
    const asked = await docker('');
    const server = await start('redis');
    const port = new URL(server?.url ?? '').port;
    await server?.stop();
    const project = `--project-name session-stores-${port} --file .*/docker/compose\\.yaml`;
    expect((await asked()).slice(2)).toEqual([
      expect.stringMatching(new RegExp(`^compose ${project} up --detach --wait redis \\[${port}\\]$`)),
      expect.stringMatching(new RegExp(`^compose ${project} down --volumes \\[${port}\\]$`)),
    ]);
  });

  it('is none where it does not start, and what had started is cleared away', async () => {
    const asked = await docker('case "$*" in *" up "*) echo no such image >&2; exit 1;; esac');
    expect(await start('redis')).toBeUndefined();
    expect((await asked()).at(-1)).toMatch(/ down --volumes /);
  });
});
