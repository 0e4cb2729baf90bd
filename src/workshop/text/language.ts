/** The two languages of the course. Every text a learner sees exists in both; a missing one is a type error. */
export type Language = 'en' | 'zh';

export interface Text {
  readonly en: string;
  readonly zh: string;
}

/** `zh`, `zh-CN`, `zh_TW.UTF-8`, `Chinese` … as a language of the course; undefined for a word that names none. */
export function languageNamed(word: string): Language | undefined {
  if (/^(zh|cn|chinese|中文)([-_.].*)?$/i.test(word)) return 'zh';
  if (/^(en|english|c|posix)([-_.].*)?$/i.test(word)) return 'en';
  return undefined;
}

/** The language of the environment, by the order of locale(7); English where it says nothing we speak. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return languageNamed(locale) ?? 'en';
}
