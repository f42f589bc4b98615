const dayLong = 86_400_000;
/** What follows the `T` of a date: `hh:mm:ss.mmmZ`. */
const clockLength = 13;

const digits = (width: number): readonly string[] =>
  Array.from({ length: 10 ** width }, (_, number) => String(number).padStart(width, '0'));
const twoDigits = digits(2);
const threeDigits = digits(3);

/** The day that was told last, counted from the epoch, and its text up to the `T`. Most expiries fall on the same few days. */
let day = Number.NaN;
let date = '';

/**
 * What `toISOString` of a Date of this time (epoch ms) gives. Throws `RangeError` where that does. It is told at each `get` and
 * `set`, and Date takes 1 µs for it, more than for all that a lane and a time limit do.
 */
export function isoText(time: number): string {
  const at = Math.trunc(time);
  const on = Math.floor(at / dayLong);
  if (on !== day) {
    const text = new Date(at).toISOString();
    date = text.slice(0, -clockLength);
    day = on;
    return text;
  }
  const sinceMidnight = at - on * dayLong;
  const seconds = Math.floor(sinceMidnight / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${date}${twoDigits[hours]}:${twoDigits[minutes - 60 * hours]}:${twoDigits[seconds - 60 * minutes]}.${threeDigits[sinceMidnight - 1000 * seconds]}Z`;
}
