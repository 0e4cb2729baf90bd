/**
 * A regular expression for a pattern of the shell: `*`, `?`, `[a-z]`, `\x`. In paths `*` and `?` end at a slash, unless
 * `anything` is told.
 */
export function pattern(glob: string, anything = false): string {
  const any = anything ? '.' : '[^/]';
  let result = '';
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at]!;
    const set = char === '[' ? /^\[(\^|!)?(\]?[^\]]*)\]/.exec(glob.slice(at)) : null;
    if (char === '*') result += `${any}*`;
    else if (char === '?') result += any;
    else if (set !== null && set[2] !== '') {
      result += `[${set[1] ? '^' : ''}${set[2]!.replace(/[\\\]^[]/g, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (char === '\\' && at + 1 < glob.length) result += quote(glob[++at]!);
    else result += quote(char);
  }
  return result;
}

const quote = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
