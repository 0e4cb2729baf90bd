/** A list in JSON form, such as `["nginx", "-g"]`: how instructions take words that no shell reads. */

/** The texts of a list; undefined for anything else. */
export function execForm(text: string): string[] | undefined {
  const value = jsonOf(text);
  return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined;
}

/** Where each text of a list stands, quotes and all. */
export const itemsOf = (list: string): { offset: number; length: number }[] =>
  [...list.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(({ index, 0: { length } }) => ({ offset: index, length }));

/** What an input method, or a word processor, writes in place of the characters of JSON. */
const lookalikes: Readonly<Record<string, string>> = {
  ...{ '“': '"', '”': '"', '„': '"', '＂': '"', '‘': '"', '’': '"' },
  ...{ '，': ',', '、': ',', '［': '[', '【': '[', '］': ']', '】': ']' },
};

const brokenOpening = /^([［【]\s*["“”„＂]|\[["'“”„＂‘’]|\[\s*(["'])[^"']*\2\s*,)/;

/** Whether a text was meant to be a list, and is none: a list of others than texts, or one that begins as no command of a shell does. */
export const isBrokenList = (text: string): boolean =>
  Array.isArray(jsonOf(text)) ? execForm(text) === undefined : brokenOpening.test(text.trimStart());

interface Fault {
  readonly offset: number;
  readonly length: number;
  readonly fix: string;
}

/** The first part of a broken list that has no place there. */
export function faultOf(text: string): Fault {
  let wanted: keyof typeof parts = 'opening';
  for (let at = 0; ; ) {
    at += /^\s*/.exec(text.slice(at))![0].length;
    const [part] = parts[wanted].exec(text.slice(at)) ?? [];
    if (part === undefined) return faultAt(text, at, wanted);
    if (wanted === 'text' && jsonOf(part) === undefined)
      return { offset: at, length: part.length, fix: part.includes('\\') ? 'in JSON \\\\ stands for one \\' : example };
    at += part.length;
    if (part === ']') {
      const rest = text.slice(at).trimStart();
      const fix = rest.startsWith('#') ? 'a comment needs a line of its own' : 'the list ends before this';
      return { offset: text.length - rest.length, length: rest.trimEnd().length, fix };
    }
    wanted = wanted === 'text' ? 'end' : 'text';
  }
}

const parts = { opening: /^\[/, text: /^"(?:[^"\\]|\\.)*"/, end: /^[,\]]/ };

const example = 'write ["first", "second"]: texts in double quotes, with commas';

function faultAt(text: string, at: number, wanted: keyof typeof parts): Fault {
  // A quote that is none may have been taken for a part of a text.
  const quote = text.slice(0, at + 1).search(/[“”„＂‘’]/);
  const guilty = quote < 0 ? at : quote;
  const right = lookalikes[text[guilty] ?? ''];
  if (right !== undefined) return { offset: guilty, length: 1, fix: `write ${right} in place of ${text[guilty]}` };
  if (at >= text.length) {
    const fix = wanted === 'end' ? 'a ] is missing at the end' : example;
    return { offset: text.trimEnd().length - 1, length: 1, fix };
  }
  const [word] = /^("[^"]*"?|'[^']*'|[^\s,\]]+|.)/.exec(text.slice(at))!;
  if (wanted === 'end') return { offset: at, length: word.length, fix: 'a comma is missing before this' };
  if (word === ']') return { offset: at, length: 1, fix: 'leave out the comma before it' };
  return { offset: at, length: word.length, fix: word.startsWith('"') ? 'the closing " is missing' : example };
}

function jsonOf(text: string): unknown {
  if (!/^\s*["[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
