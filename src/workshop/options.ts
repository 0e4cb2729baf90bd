import { isOneEditAway } from '../cli/grammar/nearest.ts';
import { type Language, languageNamed, languageOf } from './text/language.ts';

const actions = ['check', 'watch', 'hint', 'solution', 'reset'] as const;
type Action = (typeof actions)[number];

export interface Options {
  /** What the learner typed for a lesson; undefined lists them. */
  readonly lesson?: string;
  /** What to do with the lesson's exercise; undefined plays the lesson. */
  readonly action?: Action;
  /** `check --solution`: the kept one. */
  readonly solution: boolean;
  /** `reset all`. */
  readonly all: boolean;
  readonly step: boolean;
  readonly shell: boolean;
  readonly help: boolean;
  readonly language: Language;
  /** Words that are neither a flag, a language nor the lesson: reported, never fatal. */
  readonly ignored: readonly string[];
  /** A word that is one typing error away from an action or a flag, and which: refused, for the lesson is not what was meant. */
  readonly mistyped?: { readonly word: string; readonly meant: string };
}

/**
 * Reads flags from both places where they end up. npm keeps what stands before `--` for itself:
 *
 *   npm run lesson 04 --step        argv ["04"], npm_config_step=true
 *   npm run lesson 04 --shell       argv ["04"], npm_config_shell="" (a setting of npm's own, so it has no value)
 *   npm run lesson --shell 04       argv [], npm_config_shell=04
 *   npm run lesson 04 --lang zh     argv ["04", "zh"]: npm takes --lang for its short flags -l -a -n -g
 *   npm run lesson 04 --check       argv ["04"], npm_config_check=true: an action is one with dashes, too
 *
 * so a language is known by its name wherever it stands. (npm 8, 10 and 11 do the same.)
 */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const words: string[] = [];
  const flags = new Set<string>();
  let language = env.npm_config_lang ? languageNamed(env.npm_config_lang) : undefined;
  const step = eaten(env.npm_config_step);
  const shell = eaten(env.npm_config_shell, true);
  const dashed = actions.map(action => ({ action, ...eaten(env[`npm_config_${action}`]) }));
  const typed = [...argv, ...[step, shell, ...dashed].flatMap(flag => flag.words)];
  for (let i = 0; i < typed.length; i++) {
    const word = typed[i]!;
    const named = /^--(?:lang|language)(?:=(.*))?$/.exec(word);
    if (named) language = languageNamed(named[1] ?? typed[++i] ?? '') ?? language;
    else if (/^(--(step|shell|help|all|check|watch|hint|solution|reset)|-h)$/.test(word))
      flags.add(word.replace(/^-h$/, '--help').slice(2));
    else if (/^--(zh|en)$/.test(word)) language = languageNamed(word.slice(2));
    else if (languageNamed(word) && !/^(c|posix)$/i.test(word)) language = languageNamed(word);
    else words.push(word);
  }
  if (eaten(env.npm_config_zh).on) language ??= 'zh';
  for (const { action, on } of dashed) if (on) flags.add(action);
  const { action = actions.find(one => flags.has(one)), rest } = takeAction(words);
  const all = action === 'reset' && (rest.includes('all') || flags.has('all') || eaten(env.npm_config_all).on);
  const [lesson, ...ignored] = rest.filter(word => !all || word !== 'all');
  return {
    lesson,
    action,
    all,
    solution: flags.has('solution'),
    step: flags.has('step') || step.on,
    shell: flags.has('shell') || shell.on,
    help: flags.has('help'),
    language: language ?? languageOf(env),
    ignored,
    mistyped: mistypedOf(ignored, env),
  };
}

/** The first word that is left over, or flag that npm took, and is one typing error away from an action or a flag. */
function mistypedOf(ignored: readonly string[], env: NodeJS.ProcessEnv): Options['mistyped'] {
  const prefix = 'npm_config_';
  const taken = Object.keys(env).filter(key => key.startsWith(prefix));
  for (const word of [...ignored, ...taken.map(key => `--${key.slice(prefix.length)}`)]) {
    const bare = word.replace(/^--/, '');
    const meant = [...actions, 'step', 'shell'].find(name => isOneEditAway(bare, name));
    if (meant !== undefined && meant !== bare) return { word, meant: word === bare ? meant : `--${meant}` };
  }
  return undefined;
}

/** The first word that is one of the actions, and the others. */
function takeAction(words: readonly string[]): { action?: Action; rest: string[] } {
  const at = words.findIndex(word => actions.includes(word as Action));
  return at < 0 ? { rest: [...words] } : { action: words[at] as Action, rest: words.filter((_, i) => i !== at) };
}

/**
 * A flag in npm's environment. Its value may be the word that followed it on the command line. An empty value is "off"
 * for a flag that npm does not know (`--no-step`) and "on" for one that it does (`--shell`); a path there is the user's npmrc.
 */
function eaten(value: string | undefined, emptyIsOn = false): { on: boolean; words: string[] } {
  if (value === undefined || value === 'false' || value === 'null') return { on: false, words: [] };
  if (value === '') return { on: emptyIsOn, words: [] };
  if (value === 'true') return { on: true, words: [] };
  if (value.includes('/') || value === 'sh' || value === 'bash') return { on: false, words: [] };
  return { on: true, words: [value] };
}
