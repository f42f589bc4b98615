/**
 * What stands in the place of a session that was destroyed, so that an insert of the same birth which arrives late finds it. It is the
 * number 0 as JSON, which other stores take for no session at all, and names the birth in its digits.
 */
export function graveOf(birth: string): string {
  let digits = '0e';
  for (const byte of Buffer.from(birth)) digits += String(byte).padStart(3, '0');
  return digits;
}
