import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

/** A server in a container of its own, with its port on 127.0.0.1 only. */
export interface DockerServer {
  readonly url: string;
  /** Ends it and deletes its container and data. */
  stop(): Promise<void>;
}

/** The services of docker/compose.yaml: the variable that sets the port of each, and what its URL is. */
export const dockerServices = {
  redis: { variable: 'REDIS_PORT', url: (port: number) => `redis://127.0.0.1:${port}` },
  mongo: {
    variable: 'MONGO_PORT',
    url: (port: number) => `mongodb://127.0.0.1:${port}/?replicaSet=sessions`,
  },
  postgres: {
    variable: 'POSTGRES_PORT',
    url: (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  },
} as const;

export type DockerService = keyof typeof dockerServices;

const composeFile = fileURLToPath(new URL('../../../docker/compose.yaml', import.meta.url));
/** How long, in ms, an engine may take to say that it runs. */
const answerLimit = 10_000;
/** How long, in ms, until an image has been pulled and the server in it answers. */
const startLimit = 5 * 60_000;
const run = promisify(execFile);

/**
 * Starts a service of docker/compose.yaml on a free port, if this machine has a running Docker engine with Compose;
 * `undefined` where it has none, or where the engine cannot start the service: what it said is on stderr then.
 */
export async function startInDocker(service: DockerService): Promise<DockerServer | undefined> {
  if (!(await engineRuns())) return undefined;
  const port = await freePort();
  const { variable, url } = dockerServices[service];
  const compose = (...args: string[]) =>
    run('docker', ['compose', '--project-name', `session-stores-${port}`, '--file', composeFile, ...args], {
      env: { ...process.env, [variable]: String(port) },
      timeout: startLimit,
    });
  const stop = async () => {
    await compose('down', '--volumes');
  };
  console.error(`Starting ${service} in Docker`);
  try {
    await compose('up', '--detach', '--wait', service);
  } catch (error) {
    console.error(`Docker cannot start ${service}: ${said(error)}`);
    await stop().catch((failure) => console.error(`Docker cannot clear it away: ${said(failure)}`));
    return undefined;
  }
  return { url: url(port), stop };
}

async function engineRuns(): Promise<boolean> {
  try {
    await run('docker', ['compose', 'version'], { timeout: answerLimit });
    await run('docker', ['info'], { timeout: answerLimit });
    return true;
  } catch {
    return false;
  }
}

function said(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim() || message;
}
