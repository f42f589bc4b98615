import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import type { ComposeFile, ComposeService } from './compose-file.js';

/** The folders for which an image makes a volume without a name, which `down` leaves behind. */
const volumesOfImages: Record<string, readonly string[]> = {
  redis: ['/data'],
  mongo: ['/data/db', '/data/configdb'],
  postgres: ['/var/lib/postgresql'],
};

/** All that is wrong with a file, in sentences that name the service. */
export function complaintsAbout(file: ComposeFile, readme: string): string[] {
  const schema = schemaComplaints(file);
  // What has another shape than the specification says cannot be looked into.
  if (schema.length > 0) return schema;
  return Object.entries(file.services).flatMap(([name, service]) =>
    [
      portComplaint(service),
      imageComplaint(service, readme),
      healthComplaint(service),
      volumeComplaint(service, file),
      durabilityComplaint(service),
    ].flatMap((complaint) => (complaint === undefined ? [] : `${name}: ${complaint}`)),
  );
}

const validate = new Ajv({ allErrors: true, strict: false }).compile(composeSchema());

function schemaComplaints(file: ComposeFile): string[] {
  if (validate(file)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `not in the Compose specification: ${instancePath} ${message} ${JSON.stringify(params)}`;
  });
}

/** The specification's own schema, which dclint carries. It names the dialect that Ajv knows by an address with https. */
function composeSchema(): object {
  const manifest = createRequire(import.meta.url).resolve('dclint/package.json');
  const path = join(dirname(manifest), 'schemas', 'compose.schema.json');
  const { $schema, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  if ($schema !== 'https://json-schema.org/draft-07/schema') throw new Error(`unknown dialect ${$schema}`);
  return schema;
}

function portComplaint({ ports = [], network_mode: network = '' }: ComposeService): string | undefined {
  if (network === 'host') return 'shares the network of the host, where it may listen on every address';
  const open = ports.find((port) => !/^127\.0\.0\.1:/.test(port));
  return open && `publishes ${open} elsewhere than on 127.0.0.1`;
}

function imageComplaint({ image = '' }: ComposeService, readme: string): string | undefined {
  if (!/^[a-z]+:\d+$/.test(image)) return `its image ${image} is not pinned to a major version`;
  return readme.includes(`\`${image}\``) ? undefined : `its image ${image} is not the one of the README`;
}

function healthComplaint({ healthcheck }: ComposeService): string | undefined {
  const checks = healthcheck !== undefined && !healthcheck.disable && healthcheck.test[0] !== 'NONE';
  return checks ? undefined : 'has no health check';
}

function volumeComplaint(service: ComposeService, file: ComposeFile): string | undefined {
  const mounted = (service.volumes ?? []).map((volume) => volume.split(':') as [string, string]);
  const undeclared = mounted.find(([source]) => !(source in file.volumes));
  if (undeclared !== undefined) return `${undeclared[0]} is not a named volume of the file`;
  const covered = new Set([...mounted.map(([, target]) => target), ...(service.tmpfs ?? [])]);
  const image = service.image?.split(':')[0] ?? '';
  const left = volumesOfImages[image]?.find((path) => !covered.has(path));
  return left && `leaves a volume without a name behind for ${left}`;
}

/** Redis forgets what it has acknowledged in a crash, unless it is told to write it down first. */
function durabilityComplaint({ image, command = [], environment = {} }: ComposeService): string | undefined {
  const settings = [...command, ...Object.values(environment)].join(' ').replaceAll('--', '');
  const isServer = image?.startsWith('redis:') && command.join(' ').includes('redis-server');
  if (!isServer || settings.includes('sentinel monitor')) return undefined;
  const isDurable = /appendonly yes/.test(settings) && /appendfsync always/.test(settings);
  return isDurable ? undefined : 'does not write down what it acknowledges';
}
