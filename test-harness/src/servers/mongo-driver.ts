import type { MongoClient } from 'mongodb';

/** Answers a command of the database `admin`. Rejects where nobody answers within some seconds. */
export async function askMongo(
  url: string,
  command: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const client = await newClient(url);
  try {
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}

async function newClient(url: string): Promise<MongoClient> {
  // The driver is the user's: only who asks for a replica set needs it.
  const driver = await import('mongodb').catch((error) => {
    throw new Error('this needs the MongoDB driver: npm install --save-dev mongodb', { cause: error });
  });
  return new driver.MongoClient(url, { serverSelectionTimeoutMS: 5_000, connectTimeoutMS: 5_000 });
}
