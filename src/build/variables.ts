import { ExpansionError, expandLines, expandWord, expandWords, type Variables } from '../dockerfile/expand.ts';
import type { Arg, Raw } from '../dockerfile/instructions.ts';
import type { Dockerfile } from '../dockerfile/parse.ts';
import { mistake } from '../dockerfile/source.ts';
import type { Statement } from '../dockerfile/statements.ts';
import type { Platform } from '../oci/manifest.ts';
import { printPlatform } from '../oci/platform.ts';

/** Known without an ARG, handed to RUN, and never kept in the image nor asked by the cache. */
export const proxyArguments: readonly string[] = ['HTTP', 'HTTPS', 'FTP', 'NO', 'ALL'].flatMap(name => [
  `${name}_PROXY`,
  `${name.toLowerCase()}_proxy`,
]);

/** What `--platform` and this machine are, as arguments that a stage gets by naming them. */
export function platformArguments(build: Platform, target: Platform): Record<string, string> {
  const of = (prefix: string, platform: Platform) => ({
    [`${prefix}PLATFORM`]: printPlatform(platform),
    [`${prefix}OS`]: platform.os,
    [`${prefix}ARCH`]: platform.architecture,
    [`${prefix}VARIANT`]: platform.variant ?? '',
  });
  return { ...of('BUILD', build), ...of('TARGET', target) };
}

/** Words of instructions with their variables replaced; what is wrong in one is told in its line of the file. */
export class Expansions {
  constructor(
    private readonly dockerfile: Pick<Dockerfile, 'source' | 'directives'>,
    private readonly variables: Variables,
  ) {}

  word(statement: Statement, part: Raw): string {
    return this.#checked(statement, part, () => expandWord(part.raw, this.variables, this.#escape));
  }

  words(statement: Statement, part: Raw): string[] {
    return this.#checked(statement, part, () => expandWords(part.raw, this.variables, this.#escape));
  }

  lines(statement: Statement, content: string): string {
    return this.#checked(statement, undefined, () => expandLines(content, this.variables, this.#escape));
  }

  get #escape(): string {
    return this.dockerfile.directives.escape;
  }

  #checked<T>(statement: Statement, part: Raw | undefined, expand: () => T): T {
    try {
      return expand();
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      const at = part && { offset: part.offset + error.offset, length: part.raw.length - error.offset };
      throw mistake(statement.source, statement.place(at), error.message);
    }
  }
}

/** Build arguments of the part before the first FROM. */
export function globalArguments(
  dockerfile: Dockerfile,
  given: ReadonlyMap<string, string | undefined>,
  platforms: Readonly<Record<string, string>>,
): Map<string, string> {
  const known = new Map(Object.entries(platforms));
  const values = new Map<string, string>();
  const expansions = new Expansions(dockerfile, { value: name => values.get(name) ?? known.get(name) });
  for (const arg of dockerfile.globals)
    for (const { name, value } of arg.args) {
      const own = given.get(name) ?? (value && expansions.word(arg.statement, value)) ?? known.get(name);
      if (own !== undefined) values.set(name, own);
    }
  return values;
}

/** ARG in a stage: the value that was given, its default, what was set before the first FROM, what is known of the platform. */
export function stageArgument(
  { name, value }: Arg['args'][number],
  expand: (value: Raw) => string,
  known: {
    given: ReadonlyMap<string, string | undefined>;
    globals: ReadonlyMap<string, string>;
    platforms: Readonly<Record<string, string>>;
  },
): string | undefined {
  const given = known.given.get(name);
  if (given !== undefined) return given;
  if (value !== undefined) return expand(value);
  return known.globals.get(name) ?? (Object.hasOwn(known.platforms, name) ? known.platforms[name] : undefined);
}
