import { MinidockError } from '../errors.ts';

/** Each name is the name of a file, which has at most NAME_MAX bytes (limits.h). */
const longest = 255;

/** Docker's rule. */
export const isName = (text: string) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(text) && text.length <= longest;

/** The name that `--name` asks for, without the slash that Docker's API writes before it. Throws `invalid-name`. */
export function readName(given: string): string {
  const name = given.replace(/^\//, '');
  if (isName(name)) return name;
  const reason =
    name.length > longest
      ? `(${given.slice(0, 40)}…): it has ${name.length} characters, ${longest} are possible`
      : `(${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`;
  throw new MinidockError('invalid-name', `Invalid container name ${reason}`, {
    fix: `choose one of 2 to ${longest} characters, of which the first is a letter or a digit`,
  });
}
