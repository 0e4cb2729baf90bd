import MiniSearch from 'minisearch';
import type { SearchEntry } from '../search-script.ts';
import { element, find, say } from './page.ts';
import { tokensOf } from './tokens.ts';

declare global {
  interface Window {
    minidockSearch?: SearchEntry[];
  }
}

const MOST = 8;
/** Characters of a text around what was found. */
const AROUND = 60;

/** The field at the top of each page: finds parts of pages while somebody types. */
export function startSearch(): void {
  const field = find<HTMLInputElement>('search');
  const list = find<HTMLUListElement>('found');
  let index: MiniSearch<SearchEntry> | undefined;
  let chosen = -1;

  const close = () => {
    list.hidden = true;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const choose = (at: number) => {
    const items = [...list.querySelectorAll<HTMLLIElement>('li[role=option]')];
    if (items.length === 0) return;
    chosen = (at + items.length) % items.length;
    for (const [i, item] of items.entries()) item.setAttribute('aria-selected', String(i === chosen));
    items[chosen]!.scrollIntoView({ block: 'nearest' });
    field.setAttribute('aria-activedescendant', items[chosen]!.id);
  };
  const show = () => {
    const query = field.value.trim();
    list.replaceChildren();
    chosen = -1;
    if (query === '') return close();
    index ??= makeIndex();
    const found = index.search(query, { combineWith: 'AND' }).slice(0, MOST) as unknown as SearchEntry[];
    for (const [i, entry] of found.entries()) list.append(itemOf(entry, query, i));
    if (found.length === 0) list.append(element('li', say('nothingFound'), 'nothing'));
    list.hidden = false;
    field.setAttribute('aria-expanded', 'true');
    choose(0);
  };

  field.addEventListener('input', show);
  field.addEventListener('focus', show);
  field.addEventListener('keydown', event => {
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen - 1);
    else if (event.key === 'Enter') list.querySelectorAll('a')[chosen]?.click();
    else if (event.key === 'Escape') field.blur();
    else return;
    event.preventDefault();
  });
  field.addEventListener('blur', () => setTimeout(close, 150));
  document.addEventListener('keydown', event => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? '');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });
}

function makeIndex(): MiniSearch<SearchEntry> {
  const index = new MiniSearch<SearchEntry>({
    fields: ['title', 'heading', 'text'],
    storeFields: ['page', 'anchor', 'title', 'heading', 'text'],
    tokenize: tokensOf,
    processTerm: term => term,
    searchOptions: {
      boost: { title: 3, heading: 2 },
      prefix: true,
      fuzzy: term => (term.length > 4 && /^[a-z]/.test(term) ? 0.2 : false),
    },
  });
  index.addAll(window.minidockSearch ?? []);
  return index;
}

function itemOf({ page, anchor, title, heading, text }: SearchEntry, query: string, at: number): HTMLLIElement {
  const item = element('li');
  item.id = `found-${at}`;
  item.setAttribute('role', 'option');
  const link = element('a');
  link.href = `${page}.html${anchor ? `#${encodeURIComponent(anchor)}` : ''}`;
  link.tabIndex = -1;
  const isTitle = heading === '' || title.endsWith(heading);
  link.append(element('strong', isTitle ? title : `${title} › ${heading}`), around(text, query));
  item.append(link);
  return item;
}

/** The place of a text where the query's first word stands, with that word marked. */
function around(text: string, query: string): HTMLElement {
  const word = tokensOf(query).find(token => text.toLowerCase().includes(token));
  const at = word === undefined ? 0 : text.toLowerCase().indexOf(word);
  const from = Math.max(0, at - AROUND);
  const line = element('span', (from > 0 ? '…' : '') + text.slice(from, at).replaceAll('\n', ' '));
  if (word !== undefined) line.append(element('mark', text.slice(at, at + word.length)));
  const end = at + (word?.length ?? 0);
  line.append(text.slice(end, end + 2 * AROUND).replaceAll('\n', ' '));
  return line;
}
