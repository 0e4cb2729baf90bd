import { readIgnore } from '../../../build/ignore.ts';
import { platformArguments, proxyArguments } from '../../../build/variables.ts';
import { adviseOn, type ImageFacts } from '../../../dockerfile/check/check.ts';
import { readCheckSettings } from '../../../dockerfile/check/settings.ts';
import { type Dockerfile, parseDockerfile } from '../../../dockerfile/parse.ts';
import { excerptOf } from '../../../dockerfile/source.ts';
import { MinidockError } from '../../../errors.ts';
import type { ImageRecord } from '../../../image/store.ts';
import { checkSettings } from '../../build/check-settings.ts';
import type { Output } from '../../print/output.ts';

interface Advised {
  readonly dockerfile: { readonly name: string; readonly content: Uint8Array };
  /** What .dockerignore says. */
  readonly ignore?: string;
}

/** Looks an image up; fails where it is not here. */
type FindImage = (reference: string) => Promise<ImageRecord>;

/** Prints what could be better in a Dockerfile. Returns the exit code: 1 where there is something, as `docker build --check` has it. */
export async function printAdvice(
  output: Output,
  advised: Advised,
  args: Readonly<Record<string, string | undefined>>,
  find: FindImage,
): Promise<number> {
  const advice = await adviceOn(advised, args, find);
  const { name } = advised.dockerfile;
  for (const { rule, message, line, column, excerpt } of advice)
    output.out(`${name}:${line}:${column}: ${rule}: ${message}\n${excerpt}\n`);
  if (advice.length === 0) output.out(`${name}: nothing to say\n`);
  return advice.length === 0 ? 0 : 1;
}

/** For `# check=error=true`. @throws {MinidockError} `dockerfile`: the first advice that there is */
export async function refuseAdvice(
  advised: Advised,
  args: Readonly<Record<string, string | undefined>>,
  find: FindImage,
): Promise<void> {
  const { name, content } = advised.dockerfile;
  if (!settingsOf(parseDockerfile(name, content), args)?.isError) return;
  const [first, ...more] = await adviceOn(advised, args, find);
  if (first === undefined) return;
  const { rule, message, line, column, excerpt } = first;
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  throw new MinidockError('dockerfile', `${name}:${line}:${column}: ${rule}: ${message}${others}`, {
    excerpt,
    fix: 'error=true of the check directive makes it an error: build --check shows all',
  });
}

async function adviceOn(
  { dockerfile: { name, content }, ignore }: Advised,
  args: Readonly<Record<string, string | undefined>>,
  find: FindImage,
) {
  const dockerfile = parseDockerfile(name, content);
  const linux = { os: 'linux', architecture: '' };
  const ignored = ignore === undefined ? undefined : readIgnore(ignore);
  const advice = adviseOn(dockerfile, {
    known: [...proxyArguments, ...Object.keys(platformArguments(linux, linux))],
    settings: settingsOf(dockerfile, args),
    images: await factsOf(dockerfile, find),
    // With exceptions a directory that is left out may hold what is wanted.
    ...(ignored?.hasExceptions === false && { isIgnored: ignored.leavesOut }),
  });
  return advice.map(({ place, ...one }) => ({
    ...one,
    line: place.line,
    column: place.column,
    excerpt: excerptOf(dockerfile.source, place),
  }));
}

/** Of the images of FROM that are here. */
async function factsOf({ stages }: Dockerfile, find: FindImage): Promise<Map<string, ImageFacts>> {
  const facts = new Map<string, ImageFacts>();
  for (const { raw } of stages.map(({ from }) => from.base)) {
    const { config } = (await find(raw).catch(() => undefined)) ?? {};
    if (config === undefined) continue;
    const variables = (config.Env ?? []).map(one => one.split('=', 1)[0]!);
    facts.set(raw, { variables, hasShell: config.Shell !== undefined });
  }
  return facts;
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
