import { describe, expect, it } from 'vitest';
import { type ComposeFile, composeFiles, readCompose, readDockerReadme } from './compose-file.js';
import { complaintsAbout } from './compose-rules.js';

const readme = readDockerReadme();

describe.each(composeFiles)('docker/%s', (name) => {
  it('keeps to the Compose specification and to our rules', () => {
    expect(complaintsAbout(readCompose(name), readme)).toEqual([]);
  });
});

describe('docker/README.md', () => {
  it('has the image, the variable and the default of each single server', () => {
    const { services } = readCompose('compose.yaml');
    for (const [name, { image, ports }] of Object.entries(services)) {
      const [, variable, port] = /\$\{(\w+):-(\d+)\}/.exec(ports?.join() ?? '') ?? [];
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      const cells = row?.split('|').map((cell) => cell.trim()) ?? [];
      expect(cells.slice(2, 5)).toEqual([`\`${image}\``, `\`${variable}\``, port]);
      expect(cells[5]).toContain(`127.0.0.1:${port}`);
    }
  });

  it('has the ports of the topologies', () => {
    const published = Object.values(readCompose('compose.cluster.yaml').services).flatMap(
      ({ ports = [] }) => ports,
    );
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) {
      const [, outside, inside] = port.split(':');
      expect(outside, 'the ports that clients are told').toBe(inside);
      expect(readme).toContain(outside);
    }
  });
});

describe('a broken compose file', () => {
  const service = (file: ComposeFile, name: string) => {
    const found = file.services[name];
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };
  it.each<[string, (file: ComposeFile) => void, RegExp]>([
    [
      'a misspelled key',
      (file) => Object.assign(service(file, 'redis'), { helthcheck: {} }),
      /not in the Compose specification: \/services\/redis .*helthcheck/,
    ],
    [
      'a value of another type',
      (file) => Object.assign(service(file, 'mongo'), { ports: '27017' }),
      /not in the Compose specification: \/services\/mongo\/ports/,
    ],
    [
      'a port for everybody',
      (file) => service(file, 'redis').ports?.push('6380:6379'),
      /redis: publishes 6380:6379 elsewhere/,
    ],
    [
      'a port on every address',
      (file) => service(file, 'redis').ports?.push('0.0.0.0:6380:6379'),
      /redis: publishes 0\.0\.0\.0:6380/,
    ],
    [
      'the network of the host',
      (file) => Object.assign(service(file, 'redis'), { network_mode: 'host' }),
      /redis: shares the network/,
    ],
    [
      'an image without a version',
      (file) => Object.assign(service(file, 'mongo'), { image: 'mongo' }),
      /mongo: its image mongo is not pinned/,
    ],
    [
      'the latest image',
      (file) => Object.assign(service(file, 'mongo'), { image: 'mongo:latest' }),
      /mongo: its image mongo:latest is not pinned/,
    ],
    [
      'another major',
      (file) => Object.assign(service(file, 'postgres'), { image: 'postgres:17' }),
      /postgres:17 is not the one of the README/,
    ],
    [
      'no health check',
      (file) => delete service(file, 'postgres').healthcheck,
      /postgres: has no health check/,
    ],
    [
      'a health check that is off',
      (file) => Object.assign(service(file, 'postgres').healthcheck ?? {}, { disable: true }),
      /postgres: has no health check/,
    ],
    [
      'a volume without a name',
      (file) => delete service(file, 'mongo').tmpfs,
      /mongo: leaves a volume without a name behind for \/data\/configdb/,
    ],
    [
      'a folder of the host',
      (file) => Object.assign(service(file, 'redis'), { volumes: ['./data:/data'] }),
      /redis: \.\/data is not a named volume/,
    ],
    [
      'a Redis that forgets',
      (file) => Object.assign(service(file, 'redis'), { command: ['redis-server', '--appendonly', 'yes'] }),
      /redis: does not write down/,
    ],
  ])('is noticed: %s', (_, spoil, complaint) => {
    const file = readCompose('compose.yaml');
    spoil(file);
    expect(complaintsAbout(file, readme).join('\n')).toMatch(complaint);
  });

  it.each(['redis-cluster-3', 'redis-replica'])('is noticed: %s forgets', (name) => {
    const file = readCompose('compose.cluster.yaml');
    const node = service(file, name);
    node.command = node.command?.map((word) => word.replaceAll('--appendfsync always', '')) ?? [];
    Object.assign(node.environment ?? {}, { CONFIGURATION: 'appendonly yes' });
    expect(complaintsAbout(file, readme)).toEqual([`${name}: does not write down what it acknowledges`]);
  });
});
