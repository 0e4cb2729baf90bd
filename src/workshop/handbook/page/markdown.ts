import MarkdownIt from 'markdown-it';
import { highlight } from './highlight.ts';
import { escapeHtml } from './html.ts';
import type { TermLinks } from './terms.ts';

/** What a text becomes on a page. */
export interface Rendered {
  readonly html: string;
  /** The parts between headings, in order; the first has what stands above them all. */
  readonly parts: readonly Part[];
}

export interface Part {
  /** Of the heading, in the page's address. */
  readonly anchor: string;
  readonly heading: string;
  /** Without any markup. */
  readonly text: string;
}

export interface Surroundings {
  /** Makes anchors of a page unique. */
  readonly prefix?: string;
  /** Where a link of the text leads on the site; undefined for a file that has no page. */
  link(target: string): string | undefined;
  /** The HTML of an image. */
  image?(file: string, description: string): string | undefined;
  /** The title of a link that has no page: a file of the checkout. */
  readonly noPage: string;
  /** Links to the glossary, shared by the texts of one page. */
  readonly terms?: TermLinks;
}

interface Env {
  readonly around: Surroundings;
  readonly anchors: Map<string, number>;
  /** Whether the link that is open has a page, innermost last. */
  readonly open: boolean[];
}

const parser = new MarkdownIt({
  html: false,
  highlight: (code, info) => highlight(code, info.split(' ', 1)[0]!) ?? '',
});
const { rules } = parser.renderer;

rules.link_open = (tokens, at, _options, env: Env) => {
  const target = tokens[at]!.attrGet('href') ?? '';
  const page = /^(https?:|#)/.test(target) ? target : env.around.link(target);
  env.open.push(page !== undefined);
  return page === undefined
    ? `<span class="file" title="${escapeHtml(env.around.noPage)}">`
    : `<a href="${escapeHtml(page)}">`;
};
rules.link_close = (_tokens, _at, _options, env: Env) => (env.open.pop() ? '</a>' : '</span>');
rules.image = (tokens, at, _options, env: Env) => {
  const { content } = tokens[at]!;
  const file = tokens[at]!.attrGet('src') ?? '';
  return env.around.image?.(file, content) ?? `<em>${escapeHtml(content)}</em>`;
};
const { fence } = rules;
rules.fence = (tokens, at, options, env, renderer) => {
  const html = fence!(tokens, at, options, env, renderer);
  // Of two blocks the reader needs the one for their host.
  const [, version] = /^sh cgroup([12])$/.exec(tokens[at]!.info.trim()) ?? [];
  return version === undefined ? html : `<p class="when">cgroup v${version}</p>\n${html}`;
};
rules.term_open = (tokens, at) => tokens[at]!.info;
rules.term_close = (tokens, at) => tokens[at]!.info;
rules.table_open = () => '<div class="wide"><table>';
rules.table_close = () => '</table></div>';
rules.heading_open = (tokens, at, _options, env: Env) => {
  const { tag } = tokens[at]!;
  return `<${tag} id="${anchorOf(tokens[at + 1]!.content, env)}">`;
};

/** Renders a text as HTML. Its own HTML is shown as text. */
export function renderHtml(source: string, around: Surroundings): Rendered {
  const env: Env = { around, anchors: new Map(), open: [] };
  const tokens = parser.parse(source, env);
  around.terms?.into(tokens);
  const html = parser.renderer.render(tokens, parser.options, env);
  return { html, parts: partsOf(tokens, { around, anchors: new Map(), open: [] }) };
}

/** Text of one line, with its `code` and **strong**, as HTML. */
export function inlineHtml(source: string): string {
  const env: Env = { around: { link: () => undefined, noPage: '' }, anchors: new Map(), open: [] };
  return parser.renderInline(source, env);
}

/** A block of code as a text of its own would have it. */
export function codeHtml(code: string, language: string): string {
  return renderHtml(`\`\`\`\`${language}\n${code}\n\`\`\`\``, { link: () => undefined, noPage: '' }).html;
}

type Token = ReturnType<typeof parser.parse>[number];

function partsOf(tokens: readonly Token[], env: Env): Part[] {
  const parts: { anchor: string; heading: string; text: string }[] = [{ anchor: '', heading: '', text: '' }];
  for (const [at, token] of tokens.entries()) {
    const isHeading = tokens[at - 1]?.type === 'heading_open';
    if (isHeading) parts.push({ anchor: anchorOf(token.content, env), heading: plain(token), text: '' });
    else if (token.type === 'inline') parts.at(-1)!.text += `${plain(token)}\n`;
    else if (token.type === 'fence') parts.at(-1)!.text += `${token.content}\n`;
  }
  return parts;
}

function plain({ children, content }: Token): string {
  return children?.map(({ type, content }) => (/break$/.test(type) ? ' ' : content)).join('') ?? content;
}

/** A heading as a fragment of an address: the second of the same name gets a number. */
function anchorOf(heading: string, { around, anchors }: Env): string {
  const base =
    (around.prefix ?? '') +
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '');
  const times = anchors.get(base) ?? 0;
  anchors.set(base, times + 1);
  return times === 0 ? base : `${base}-${times + 1}`;
}
