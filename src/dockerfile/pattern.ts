/** A regular expression for a pattern of the shell: `*`, `?`, `[a-z]`, `\x`. A slash is a character as others are. */
export function pattern(glob: string): string {
  let result = '';
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at]!;
    const set = char === '[' ? /^\[(\^|!)?(\]?[^\]]*)\]/.exec(glob.slice(at)) : null;
    if (char === '*') result += '.*';
    else if (char === '?') result += '.';
    else if (set !== null && set[2] !== '') {
      result += `[${set[1] ? '^' : ''}${set[2]!.replace(/[\\\]^[]/g, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (char === '\\' && at + 1 < glob.length) result += quote(glob[++at]!);
    else result += quote(char);
  }
  return result;
}

const quote = (char: string): string => char.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
