/** The two languages of the course and of the steps. */
export type Language = 'en' | 'zh';

/** A text that a learner sees: it exists in both languages, and a missing one is a type error. */
export type Text = Readonly<Record<Language, string>>;

/** `zh`, `zh-CN`, `zh_TW.UTF-8`, `Chinese` … as a language; undefined for a word that names none. */
export function languageNamed(word: string): Language | undefined {
  if (/^(zh|cn|chinese|中文)([-_.].*)?$/i.test(word)) return 'zh';
  if (/^(en|english|c|posix)([-_.].*)?$/i.test(word)) return 'en';
  return undefined;
}
