/**
 * Words of a text, for the search: runs of letters and digits, where they are joined by _ also its parts; of Chinese, which has
 * no spaces, each two neighbours, so that a query finds what stands anywhere in a sentence.
 */
export function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (const [run] of text.toLowerCase().matchAll(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu)) {
    if (!/\p{Script=Han}/u.test(run)) tokens.push(run, ...(run.includes('_') ? run.split('_').filter(Boolean) : []));
    else if (run.length === 1) tokens.push(run);
    else for (let i = 0; i + 1 < run.length; i++) tokens.push(run.slice(i, i + 2));
  }
  return tokens;
}
