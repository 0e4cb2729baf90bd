import { usageError } from './usage.ts';
import { groups, type VerbEntry, verbs } from './verbs.ts';

export type Found =
  | { readonly kind: 'verb'; readonly path: string; readonly entry: VerbEntry; readonly rest: readonly string[] }
  | { readonly kind: 'group'; readonly path: string };

/**
 * The verb that the words name: `ps`, `container ls`. `path` is how the user called it.
 *
 * @throws {MinidockError} `usage`, exit code 1
 */
export async function findVerb(words: readonly string[]): Promise<Found> {
  const [first = '', second, ...others] = words;
  if (Object.hasOwn(verbs, first)) return { kind: 'verb', path: first, entry: verbs[first]!, rest: words.slice(1) };
  if (!Object.hasOwn(groups, first)) {
    const { suggestVerb } = await import('./help.ts');
    throw unknown(first, 'minidock --help', await suggestVerb(first));
  }
  if (second === undefined || second.startsWith('-')) return { kind: 'group', path: first };
  const member = Object.hasOwn(groups[first]!, second) ? groups[first]![second]! : undefined;
  if (member === undefined) throw unknown(`${first} ${second}`, `minidock ${first} --help`);
  const [name, ...implied] = member;
  return { kind: 'verb', path: `${first} ${second}`, entry: verbs[name]!, rest: [...implied, ...others] };
}

function unknown(words: string, help: string, guess?: string) {
  const hint = guess === undefined ? '' : ` Did you mean '${guess}'?`;
  return usageError(`minidock: '${words}' is not a minidock command.${hint}`, { exitCode: 1, see: `See '${help}'` });
}
