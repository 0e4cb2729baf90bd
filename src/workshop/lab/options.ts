import { isOneEditAway } from '../../cli/grammar/nearest.ts';
import { MinidockError } from '../../errors.ts';
import { type Language, languageNamed, languageOf } from '../text/language.ts';
import { says } from './says.ts';

const actions = ['check', 'hint', 'answer', 'values', 'clean', 'name', 'report'] as const;
type Action = (typeof actions)[number];
/** Those behind which every word is the learner's own. */
const literal: readonly (Action | undefined)[] = ['answer', 'name'];

export interface LabOptions {
  /** What was typed for a lab; undefined lists them. */
  readonly lab?: string;
  readonly action?: Action;
  /** Behind the action: the task and answer, a name, files. */
  readonly rest: readonly string[];
  readonly json: boolean;
  readonly csv: boolean;
  readonly help: boolean;
  readonly language: Language;
}

/**
 * Reads what was typed. What npm took for itself because no `--` stood before it is in its environment: `npm run lab 06 --json` is
 * npm_config_json.
 *
 * @throws {MinidockError} `usage` for words that mean nothing here
 */
export function parseLabOptions(argv: readonly string[], env: NodeJS.ProcessEnv): LabOptions {
  const eaten = (name: string) => env[`npm_config_${name}`] === 'true';
  let language = env.npm_config_lang ? languageNamed(env.npm_config_lang) : undefined;
  let lab: string | undefined;
  let action: Action | undefined;
  const flags = new Set(['json', 'csv'].filter(eaten));
  const rest: string[] = [];
  for (const [i, word] of argv.entries()) {
    const named = /^--(?:lang(?:uage)?=)?(.+)$/.exec(word)?.[1] ?? word;
    if (literal.includes(action)) rest.push(word);
    else if (/^(--(json|csv|help)|-h)$/.test(word)) flags.add(word === '-h' ? 'help' : word.slice(2));
    else if (word === '--lang' || word === '--language') language = languageNamed(argv[i + 1] ?? '') ?? language;
    else if (isLanguage(named, action)) language = languageNamed(named);
    else if (action === undefined && isAction(word.replace(/^--/, ''))) action = word.replace(/^--/, '') as Action;
    else if (lab === undefined && action !== 'report') lab = word;
    else rest.push(word);
  }
  action ??= actions.find(name => !literal.includes(name) && eaten(name));
  language ??= languageOf(env);
  refuseOthers(rest, action, language);
  const has = (name: string) => flags.has(name);
  return { lab, action, rest, json: has('json'), csv: has('csv'), help: has('help'), language };
}

/** A file may be called `en.json`, which would do for a locale. */
const isLanguage = (word: string, action: Action | undefined) =>
  languageNamed(word) !== undefined && !/^(c|posix)$/i.test(word) && (action !== 'report' || /^(zh|en)$/.test(word));

const isAction = (word: string): word is Action => actions.includes(word as Action);

function refuseOthers(rest: readonly string[], action: Action | undefined, language: Language): void {
  const most = action === 'hint' ? 1 : action === 'report' || literal.includes(action) ? Number.POSITIVE_INFINITY : 0;
  const word =
    rest.length > most ? rest[most]! : action === 'report' ? rest.find(one => one.startsWith('--')) : undefined;
  if (word === undefined) return;
  const meant = actions.find(name => isOneEditAway(word.replace(/^--/, ''), name));
  throw new MinidockError('usage', says.notUnderstood(word)[language], {
    fix: (meant ? says.didYouMean(meant) : says.seeHelp)[language],
  });
}
