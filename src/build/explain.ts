type Files = Readonly<Record<string, string>>;

/** Which files are not as they were when the same instruction ran the last time; undefined where all are, or nothing is known. */
export function whatChanged(before: Files | undefined, now: Files): string | undefined {
  if (before === undefined) return undefined;
  const names = Object.keys(now);
  const reasons = [
    some(
      names.filter(name => before[name] !== undefined && before[name] !== now[name]),
      'changed',
    ),
    some(
      names.filter(name => before[name] === undefined),
      'added',
    ),
    some(
      Object.keys(before).filter(name => now[name] === undefined),
      'removed',
    ),
  ];
  return reasons.filter(reason => reason !== undefined).join('; ') || undefined;
}

function some(names: readonly string[], what: string): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more} ${what}`;
}
