/** How many bytes a document may have, and a command too (a little more, for what surrounds the document in it). */
const documentLimit = 16 * 1024 * 1024;
/**
 * Statements of one command. MongoDB takes far more, but FerretDB 1 keeps something open for each until the command ends,
 * and when that are a hundred it hangs.
 */
const statementLimit = 64;
/** Bytes of a statement beside the texts in it. */
const statementOverhead = 600;

/** Whether a document can be stored at all, or sent beside the text that is to be replaced; the server's own limit. */
export function isTooLarge(id: string, session: string): boolean {
  // Lengths, types, names and ends of the three fields, and of the document.
  const frame = 4 + (1 + 4 + 4 + 1) + (1 + 8 + 4 + 1) + (1 + 8 + 8) + 1;
  return (
    session.length > documentLimit / 4 &&
    Buffer.byteLength(id) + Buffer.byteLength(session) + frame > documentLimit
  );
}

/** In bytes; of all that can be large only the texts are. */
function sizeOf(statement: object): number {
  let size = 0;
  for (const value of Object.values(statement)) {
    if (typeof value === 'string') size += Buffer.byteLength(value);
    else if (typeof value === 'object' && value !== null) size += sizeOf(value);
  }
  return size;
}

/** From where to where the statements fit into one command. One that is alone in it may be as large as a document. */
export function* partsOf(statements: readonly object[]): Generator<readonly [start: number, end: number]> {
  if (statements.length === 1) {
    yield [0, 1];
    return;
  }
  const sizes = statements.map((statement) => statementOverhead + sizeOf(statement));
  let start = 0;
  let size = 0;
  for (const [index, next] of sizes.entries()) {
    if (index > start && (size + next > documentLimit || index - start === statementLimit)) {
      yield [start, index];
      start = index;
      size = 0;
    }
    size += next;
  }
  if (start < sizes.length) yield [start, sizes.length];
}
