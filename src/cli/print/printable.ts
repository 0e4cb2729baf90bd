/**
 * What a terminal obeys instead of showing it: C0 but tab and newline, DEL, C1 (ECMA-48), and what turns the direction of text
 * round (Unicode bidi, UAX 9; CVE-2021-42574).
 */
const obeyed = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
const obeyedInLine = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** A colour or another rendition: `ESC [ 1;36 m`. */
const colour = /(\x1b\[[\d;]*m)/;

/**
 * Makes text that others wrote safe to print: what a terminal would obey is escaped (`\x1b`, `\u202e`). Tabs and
 * newlines stay.
 */
export function printable(text: string): string {
  return spellOut(text, obeyed);
}

/** As `printable`, in one line: for a cell of a table, or a message. */
export function inOneLine(text: string): string {
  return spellOut(text, obeyedInLine);
}

const spellOut = (text: string, which: RegExp) => (text.search(which) < 0 ? text : text.replace(which, spelt));

/** In a colour of ours. A text that others wrote brings none: one of them (`ESC [ 8 m`) hides what follows. */
export const painted = (code: string, text: string): string => `\x1b[${code}m${inOneLine(text)}\x1b[0m`;

/** Text of ours that has colours (`painted`), as bytes for a terminal: `printable` but for the colours. */
export function coloured(text: string): Uint8Array {
  const parts = text.split(colour).map((part, at) => (at % 2 === 1 ? part : printable(part)));
  return Buffer.from(parts.join(''));
}

const letters: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Go's notation; where that is not JSON's as well (DEL) it is JSON's, so that a document stays one. */
function spelt(character: string): string {
  const hex = character.charCodeAt(0).toString(16);
  return letters[character] ?? (character < ' ' ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`);
}
