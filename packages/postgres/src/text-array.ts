/** The type `text`, which no server numbers otherwise. */
const textType = 25;
const headerLength = 20;
const isNull = -1;

/**
 * A parameter of type `text[]` in PostgreSQL's binary format (array_recv). As text, which pg would make of a list, every quote of
 * every session is escaped here and unescaped there, which for large sessions takes longer than storing them.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? isNull : Buffer.byteLength(value)));
  const total = lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), headerLength);
  const array = Buffer.allocUnsafe(total);
  const [dimensions, hasNulls, firstIndex] = [1, lengths.includes(isNull) ? 1 : 0, 1];
  for (const [place, word] of [dimensions, hasNulls, textType, values.length, firstIndex].entries()) {
    array.writeInt32BE(word, 4 * place);
  }
  let at = headerLength;
  for (const [index, length] of lengths.entries()) {
    at = array.writeInt32BE(length, at);
    if (length > 0) at += array.write(values[index] as string, at);
  }
  return array;
}
