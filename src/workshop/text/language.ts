import { type Language, languageNamed } from '../../syscalls/text/language.ts';

export { type Language, languageNamed, type Text } from '../../syscalls/text/language.ts';

/** The language of the environment: MINIDOCK_LANG, else by the order of locale(7); English where it says nothing we speak. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  const chosen = languageNamed(env.MINIDOCK_LANG ?? '');
  if (chosen !== undefined) return chosen;
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return languageNamed(locale) ?? 'en';
}

/** What is typed so that later commands speak this language as well; undefined where the environment says so already. */
export function wayToStay(language: Language, env: NodeJS.ProcessEnv): string | undefined {
  return languageOf(env) === language ? undefined : `export MINIDOCK_LANG=${language}`;
}
