import type { Run } from '../dockerfile/instructions.ts';

/**
 * What RUN executes. A line that is nothing but here-documents is a script of theirs: for the shell, or for the program of its `#!`
 * line. In any other line the shell gets the here-documents after it, as in a script.
 */
export function commandOf({ command, heredocs }: Run, inShell: (line: string) => string[]): string[] {
  if (command.form === 'exec') return [...command.words];
  if (heredocs.length === 0) return inShell(command.line);
  const isScript = /^\s*<<-?\s*["']?[^\s"'<]+["']?\s*$/.test(command.line);
  if (!isScript) return inShell([command.line, ...heredocs.map(({ name, content }) => `${content}${name}`)].join('\n'));
  const script = heredocs[0]!.content;
  if (!script.startsWith('#!')) return inShell(script);
  // The kernel wants a file for `#!`, and the shell makes one.
  const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
  return [
    '/bin/sh',
    '-c',
    `f=$(mktemp) && printf %s ${quoted} >"$f" && chmod +x "$f" && "$f"; s=$?; rm -f "$f"; exit $s`,
  ];
}
