import { isPrintable } from '../go/quote.ts';

const entities: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

/** For text and attributes of HTML. */
export const escapeHtml = (text: string): string => text.replace(/[\0"'&<>]/g, character => entities[character]!);

/** For a string of JavaScript, also inside of HTML. */
export function escapeJs(text: string): string {
  return [...text]
    .map(character => {
      if (character === '\\' || character === "'" || character === '"') return `\\${character}`;
      const code = character.codePointAt(0)!;
      const isPlain = code < 0x80 ? code >= 0x20 && !'<>&='.includes(character) : isPrintable(character);
      return isPlain ? character : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
    })
    .join('');
}

/** For a value in the query of a URL: a blank is a plus. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
    .replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
