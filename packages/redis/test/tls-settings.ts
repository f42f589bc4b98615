import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { selfSignedCertificate } from './self-signed-certificate.js';

const { key, cert } = selfSignedCertificate();

/** What a client has to trust. */
export const authority: string = cert;

/** The arguments of a `redis-server` with that certificate; they are there once the tests of this group run. */
export function tlsSettings(): () => readonly string[] {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-stores-tls-'));
    await writeFile(at('key.pem'), key);
    await writeFile(at('cert.pem'), cert);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => [
    ...[
      '--tls-cert-file',
      at('cert.pem'),
      '--tls-key-file',
      at('key.pem'),
      '--tls-ca-cert-file',
      at('cert.pem'),
    ],
    ...['--tls-auth-clients', 'no'],
  ];
}
