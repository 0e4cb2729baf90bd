import { loadVerb } from '../load-verb.ts';
import { usageError } from './usage.ts';
import type { Verb } from './verb.ts';

export type Found =
  | {
      readonly kind: 'verb';
      readonly path: string;
      readonly name: string;
      readonly verb: Verb;
      readonly rest: readonly string[];
    }
  | { readonly kind: 'group'; readonly path: string };

/**
 * The verb that the words name: `ps`, `container ls`. `path` is how the user called it, `name` what `verbs` calls it.
 *
 * @throws {MinidockError} `usage`, exit code 1
 */
export async function findVerb(words: readonly string[]): Promise<Found> {
  const [first = '', second, ...others] = words;
  const single = loadVerb(first);
  if (single !== undefined)
    return { kind: 'verb', path: first, name: first, verb: (await single).verb, rest: words.slice(1) };
  // Named apart in scripts/bundle/chunks.mjs: few commands begin with a group.
  const { groups } = await import('../groups.ts');
  if (!Object.hasOwn(groups, first)) {
    const instead = await insteadOf(first);
    throw unknown(first, 'minidock --help', instead ?? (await guess(first)));
  }
  if (second === undefined || second.startsWith('-')) return { kind: 'group', path: first };
  const member = Object.hasOwn(groups[first]!, second) ? groups[first]![second]! : undefined;
  if (member === undefined) {
    const instead = first === 'container' ? await insteadOf(second) : undefined;
    throw unknown(`${first} ${second}`, `minidock ${first} --help`, instead ?? (await guess(second, first)));
  }
  const [name, ...implied] = member;
  const { verb } = await loadVerb(name)!;
  return { kind: 'verb', path: `${first} ${second}`, name, verb, rest: [...implied, ...others] };
}

/** For a verb of Docker that minidock lacks: what to do instead. */
async function insteadOf(name: string): Promise<string | undefined> {
  const { dockerVerbs } = await import('./docker-verbs.ts');
  return Object.hasOwn(dockerVerbs, name) ? `\nDocker has it; here, ${dockerVerbs[name]}.` : undefined;
}

/** The nearest word that there is. */
async function guess(typed: string, group?: string): Promise<string | undefined> {
  const { suggestVerb } = await import('./help.ts');
  const meant = await suggestVerb(typed, group);
  return meant && ` Did you mean '${group === undefined ? meant : `${group} ${meant}`}'?`;
}

function unknown(words: string, help: string, hint = '') {
  return usageError(`minidock: '${words}' is not a minidock command.${hint}`, { exitCode: 1, see: `See '${help}'` });
}
