/** `KEY=VALUE`, given many times, the last of a key counts; a bare `KEY` has an empty value. */
export function pairsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map(pair => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** `--label KEY=VALUE` or `KEY`. @throws {Error} the reason, in Docker's words */
export function readLabel(given: string): string {
  const key = given.split('=', 1)[0]!.trimStart();
  if (key === '') throw new Error(`invalid label '${given}': empty name`);
  if (/\s/.test(key)) throw new Error(`label '${key}' contains whitespaces`);
  return given;
}
