/** Quoted text as Go writes and reads it (strconv). */

const shortEscapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** @param ascii escapes everything else */
export function quote(text: string, mark = '"', ascii = false): string {
  if (/^[ !#-&(-[\]-~]*$/.test(text)) return mark + text + mark;
  const body = [...text].map(character => {
    if (character === mark) return `\\${mark}`;
    const short = shortEscapes[character];
    if (short !== undefined) return short;
    if (isPrintable(character) && (!ascii || character <= '~')) return character;
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return `${mark}${body.join('')}${mark}`;
}

/** Letters, marks, numbers, punctuation, symbols and the space. */
export const isPrintable = (character: string): boolean => /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);

const escapeSequence = /\\(?:([abfnrtv\\])|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(["']))/y;
const meanings: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };

/** The text between the marks, with its escapes resolved; undefined where one of them is none. */
export function unquote(quoted: string): string | undefined {
  const mark = quoted[0]!;
  const body = quoted.slice(1, -1);
  if (mark === '`') return body.replaceAll('\r', '');
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    if (body[at] !== '\\') {
      const character = String.fromCodePoint(body.codePointAt(at)!);
      parts.push(Buffer.from(character));
      at += character.length;
      continue;
    }
    escapeSequence.lastIndex = at;
    const found = escapeSequence.exec(body);
    if (found === null) return undefined;
    at = escapeSequence.lastIndex;
    const [, short, byte, four, eight, octal, sign] = found;
    if (sign !== undefined && sign !== mark) return undefined;
    if (byte !== undefined || octal !== undefined) {
      const code = byte === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(byte, 16);
      if (code > 255) return undefined;
      parts.push(Buffer.from([code]));
      continue;
    }
    const code = short === undefined ? (sign?.charCodeAt(0) ?? Number.parseInt(four ?? eight!, 16)) : meanings[short]!;
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    parts.push(Buffer.from(String.fromCodePoint(code)));
  }
  return Buffer.concat(parts).toString();
}
