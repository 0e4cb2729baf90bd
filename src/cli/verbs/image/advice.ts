import { readIgnore } from '../../../build/ignore.ts';
import { platformArguments, proxyArguments } from '../../../build/variables.ts';
import { adviseOn } from '../../../dockerfile/check.ts';
import { readCheckSettings } from '../../../dockerfile/check-settings.ts';
import { parseDockerfile } from '../../../dockerfile/parse.ts';
import { excerptOf } from '../../../dockerfile/source.ts';
import { MinidockError } from '../../../errors.ts';
import { checkSettings } from '../../build/check-settings.ts';
import type { Output } from '../../print/output.ts';

interface Advised {
  readonly dockerfile: { readonly name: string; readonly content: Uint8Array };
  /** What .dockerignore says. */
  readonly ignore?: string;
}

/** Prints what could be better in a Dockerfile. Returns the exit code: 1 where there is something, as `docker build --check` has it. */
export function printAdvice(
  output: Output,
  advised: Advised,
  args: Readonly<Record<string, string | undefined>>,
): number {
  const advice = adviceOn(advised, args);
  const { name } = advised.dockerfile;
  for (const { rule, message, line, column, excerpt } of advice)
    output.out(`${name}:${line}:${column}: ${rule}: ${message}\n${excerpt}\n`);
  if (advice.length === 0) output.out(`${name}: nothing to say\n`);
  return advice.length === 0 ? 0 : 1;
}

/** For `# check=error=true`. @throws {MinidockError} `dockerfile`: the first advice that there is */
export function refuseAdvice(advised: Advised, args: Readonly<Record<string, string | undefined>>): void {
  const { name, content } = advised.dockerfile;
  if (!settingsOf(parseDockerfile(name, content), args)?.isError) return;
  const [first, ...more] = adviceOn(advised, args);
  if (first === undefined) return;
  const { rule, message, line, column, excerpt } = first;
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  throw new MinidockError('dockerfile', `${name}:${line}:${column}: ${rule}: ${message}${others}`, {
    excerpt,
    fix: 'error=true of the check directive makes it an error: build --check shows all',
  });
}

function adviceOn(
  { dockerfile: { name, content }, ignore }: Advised,
  args: Readonly<Record<string, string | undefined>>,
) {
  const dockerfile = parseDockerfile(name, content);
  const linux = { os: 'linux', architecture: '' };
  const advice = adviseOn(dockerfile, {
    known: [...proxyArguments, ...Object.keys(platformArguments(linux, linux))],
    settings: settingsOf(dockerfile, args),
    ...(ignore !== undefined && { isIgnored: readIgnore(ignore).leavesOut }),
  });
  return advice.map(({ place, ...one }) => ({
    ...one,
    line: place.line,
    column: place.column,
    excerpt: excerptOf(dockerfile.source, place),
  }));
}

function settingsOf(
  { directives }: ReturnType<typeof parseDockerfile>,
  args: Readonly<Record<string, string | undefined>>,
) {
  const given = args[checkSettings];
  if (given === undefined) return directives.check;
  try {
    return readCheckSettings(given);
  } catch (error) {
    throw new MinidockError('invalid-argument', `${checkSettings}: ${(error as Error).message}`);
  }
}
