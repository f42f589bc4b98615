import { appendFile, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type PostgresServer, startOwnPostgres } from './postgres.js';
import { withPostgres } from './postgres-driver.js';
import type { User } from './unprivileged-user.js';

export interface PostgresStandbyOptions {
  /**
   * The primary acknowledges a commit when the standby has it on disk too, and waits for as long as there is no standby.
   * Default: false, what was acknowledged last can be lost by a promotion.
   */
  readonly synchronous?: boolean | undefined;
}

/** A copy of another server that follows it and answers queries, but takes no writes until it is promoted. */
export interface PostgresStandby extends PostgresServer {
  /** Makes it a primary of its own. Resolves when it takes writes. The former primary must be dead or be left alone. */
  promote(): Promise<void>;
}

/** How long, in ms, it may take until the standby follows its primary. */
const patience = 30_000;

/**
 * Copies a running server that `startPostgres` has started. Resolves when the standby follows it; rejects with what it said
 * when it does not start.
 */
export async function startPostgresStandby(
  primary: PostgresServer,
  options: PostgresStandbyOptions = {},
): Promise<PostgresStandby> {
  const standby = await startOwnPostgres(async ({ data, port, user }) => {
    await copyRunning(primary, data, user);
    const connection = `host=${primary.address.host} port=${primary.port} user=postgres application_name=${nameOf(port)}`;
    await appendFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`);
    await writeAs(user, join(data, 'standby.signal'), '');
  });
  try {
    await untilFollowed(primary, standby.port, /./);
    if (options.synchronous === true) await makeSynchronous(primary, standby.port);
  } catch (error) {
    await standby.stop();
    throw error;
  }
  return Object.assign(standby, {
    promote: () =>
      withPostgres(standby.url, async (client) => {
        const { rows } = await client.query('select pg_promote(true, 60) as promoted');
        if (rows[0]?.promoted !== true) throw new Error('the standby was not promoted within 60 s');
      }),
  });
}

/** As the primary knows it. */
function nameOf(port: number): string {
  return `standby_${port}`;
}

/** An online backup: the server notes in its log where to begin, and the file `backup_label` tells the copy. */
async function copyRunning(primary: PostgresServer, data: string, user: User): Promise<void> {
  await withPostgres(primary.url, async (client) => {
    const { rows } = await client.query('show data_directory');
    await client.query("select pg_backup_start('standby', fast => true)");
    await copyFolder(rows[0].data_directory, data, user);
    const backup = await client.query('select labelfile from pg_backup_stop(wait_for_archive => false)');
    await writeAs(user, join(data, 'backup_label'), backup.rows[0].labelfile);
  });
}

/** What belongs to the running server only, and the log, which the copy gets over the network. */
const left = new Set(['postmaster.pid', 'postmaster.opts', 'standby.signal', 'pgsql_tmp']);
const leftEmpty = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_notify',
]);

async function copyFolder(from: string, to: string, user: User): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  await giveTo(user, to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (left.has(entry.name)) continue;
    if (leftEmpty.has(entry.name)) {
      await mkdir(target, { mode: 0o700 });
      await giveTo(user, target);
    } else if (entry.isDirectory()) await copyFolder(source, target, user);
    else await copyIfThere(source, target, user);
  }
}

/** A table that is dropped meanwhile takes its file with it; the log has it. */
async function copyIfThere(source: string, target: string, user: User): Promise<void> {
  try {
    await copyFile(source, target);
    await giveTo(user, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function writeAs(user: User, path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await giveTo(user, path);
}

async function giveTo({ uid, gid }: User, path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

async function makeSynchronous(primary: PostgresServer, port: number): Promise<void> {
  await withPostgres(primary.url, async (client) => {
    await client.query(`alter system set synchronous_standby_names = '*'`);
    await client.query('select pg_reload_conf()');
  });
  await untilFollowed(primary, port, /^(sync|quorum)$/);
  // The process that makes checkpoints is the one by whom commits are told to wait; its answer shows that it has reloaded.
  await withPostgres(primary.url, (client) => client.query('checkpoint'));
}

/** `state`: what the primary calls the standby, such as `async`. */
async function untilFollowed(primary: PostgresServer, port: number, state: RegExp): Promise<void> {
  const deadline = Date.now() + patience;
  const question = `select sync_state from pg_stat_replication where state = 'streaming' and application_name = $1`;
  for (;;) {
    // On a new connection each time: an old one reloads its settings later.
    const { rows } = await withPostgres(primary.url, (client) => client.query(question, [nameOf(port)]));
    if (rows.some(({ sync_state }) => state.test(sync_state))) return;
    if (Date.now() > deadline)
      throw new Error(`the standby does not follow its primary after ${patience} ms`);
    await wait(20); // As often as it is asked for.
  }
}
