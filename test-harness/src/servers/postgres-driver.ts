import type { Client } from 'pg';

/** Runs `work` on a connection of its own. */
export async function withPostgres<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  // The driver is the user's: only who asks for a standby needs it.
  const { default: driver } = await import('pg').catch((error) => {
    throw new Error('this needs the PostgreSQL driver: npm install --save-dev pg', { cause: error });
  });
  const client = new driver.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {
    // A query that is under way rejects by itself.
  });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
