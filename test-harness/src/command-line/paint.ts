import type { Writable } from 'node:stream';

const codes = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 } as const;

export type Paint = Record<keyof typeof codes, (text: string) => string>;

/** Colours for a terminal, and none anywhere else or where NO_COLOR (https://no-color.org) is set. */
export function paintFor(output: Writable, env: NodeJS.ProcessEnv): Paint {
  const colourful = isTerminal(output) && !env.NO_COLOR;
  const paint = (name: keyof typeof codes) => (text: string) =>
    colourful ? `\u001b[${codes[name]}m${text}\u001b[0m` : text;
  return {
    green: paint('green'),
    red: paint('red'),
    yellow: paint('yellow'),
    dim: paint('dim'),
    bold: paint('bold'),
  };
}

export function isTerminal(output: Writable): boolean {
  return (output as { isTTY?: boolean }).isTTY === true;
}

/** Text of a store, which is to reach a terminal, without what a terminal would obey. */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
