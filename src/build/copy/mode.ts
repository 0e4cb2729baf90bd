/** What becomes of a file's permission bits. */
export type ModeChange = (own: number, isDirectory: boolean) => number;

const bitsOf = { u: 0o4700, g: 0o2070, o: 0o1007 } as const;
const every = 0o7777;

/** `755`, or as chmod(1) has it: `u=rwX,go=rX`, `a+r`, `g=u`. The caller's umask has no say. Undefined for what is neither. */
export function modeChange(text: string): ModeChange | undefined {
  if (/^[0-7]{3,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8) & every;
    return () => mode;
  }
  const clauses: ModeChange[] = [];
  for (const clause of text.split(',')) {
    const [, who, actions] = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/.exec(clause) ?? [];
    if (who === undefined || actions === undefined) return undefined;
    const whose =
      who === '' || who.includes('a')
        ? every
        : [...who].reduce((bits, one) => bits | bitsOf[one as keyof typeof bitsOf], 0);
    for (const [, operator, what] of actions.matchAll(/([-+=])([ugo]|[rwxXst]*)/g))
      clauses.push((own, isDirectory) => {
        const bits = whose & bitsNamed(what!, own, isDirectory);
        if (operator === '=') return (own & ~whose) | bits;
        return operator === '+' ? own | bits : own & ~bits;
      });
  }
  return (own, isDirectory) => clauses.reduce((mode, change) => change(mode, isDirectory), own);
}

function bitsNamed(what: string, own: number, isDirectory: boolean): number {
  if (what === 'u' || what === 'g' || what === 'o') return ((own >> { u: 6, g: 3, o: 0 }[what]) & 7) * 0o111;
  const canRun = isDirectory || (own & 0o111) !== 0;
  const bits: Record<string, number> = { r: 0o444, w: 0o222, x: 0o111, X: canRun ? 0o111 : 0, s: 0o6000, t: 0o1000 };
  return [...what].reduce((all, one) => all | bits[one]!, 0);
}
