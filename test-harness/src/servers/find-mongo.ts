import { buildFerret, findGo } from './ferretdb-program.js';
import { findProgram } from './find-program.js';
import { downloadMongod } from './mongod-download.js';

/** What serves the MongoDB protocol: the real one, or FerretDB on SQLite. */
export interface MongoProgram {
  readonly kind: 'mongod' | 'ferretdb';
  readonly path: string;
}

/**
 * The path of a real mongod: the one that MONGOMS_SYSTEM_BINARY names, else one on PATH, else the one that
 * mongodb-memory-server downloads (or has downloaded), unless MONGOMS_RUNTIME_DOWNLOAD=false. Rejects where the variable
 * names no program.
 */
export async function findMongod(): Promise<string | undefined> {
  const { MONGOMS_SYSTEM_BINARY: named, MONGOMS_RUNTIME_DOWNLOAD: download } = process.env;
  if (named !== undefined && named !== '') {
    const program = findProgram(named);
    if (program === undefined) throw new Error(`MONGOMS_SYSTEM_BINARY names no program: ${named}`);
    return program;
  }
  const onPath = findProgram('mongod');
  if (onPath !== undefined) return onPath;
  return download === 'false' ? undefined : downloadMongod();
}

/** A real mongod where one can be had, FerretDB where Go is there to compile it, nothing otherwise. */
export async function findMongo(): Promise<MongoProgram | undefined> {
  const mongod = await findMongod();
  if (mongod !== undefined) return { kind: 'mongod', path: mongod };
  return findGo() === undefined ? undefined : { kind: 'ferretdb', path: await buildFerret() };
}
