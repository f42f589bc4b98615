import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface ComposeService {
  image?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  network_mode?: string;
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  healthcheck?: { test: string[]; disable?: boolean };
}

export interface ComposeFile {
  name: string;
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
}

const folder = new URL('../../../docker/', import.meta.url);

export const composeFiles = ['compose.yaml', 'compose.cluster.yaml'] as const;

/** The file as Compose sees it before it puts variables in: merge keys resolved. A copy of its own for each caller. */
export function readCompose(name: string): ComposeFile {
  const text = readFileSync(new URL(name, folder), 'utf8');
  // The limit is meant for files of strangers.
  return structuredClone(parse(text, { merge: true, maxAliasCount: -1 }) as ComposeFile);
}

export function readDockerReadme(): string {
  return readFileSync(new URL('README.md', folder), 'utf8');
}
