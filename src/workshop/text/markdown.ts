import { Chalk, type ChalkInstance } from 'chalk';
import MarkdownIt from 'markdown-it';
import { widthOf } from '../../syscalls/text/columns.ts';
import { type Cell, renderTable } from './table.ts';
import { type Span, wrap, wrapCode } from './width.ts';

type Token = ReturnType<MarkdownIt['parse']>[number];
type Paint = (text: string) => string;

const parser = new MarkdownIt({ html: false });

/** Draws the image of a paragraph of its own, in lines of at most `width` columns; undefined where it cannot. */
export type Picture = (file: string, width: number) => readonly string[] | undefined;

/** Renders Markdown for a terminal of `width` columns. Of HTML it shows the text; images that are not drawn become their description. */
export function renderMarkdown(
  source: string,
  options: { width: number; chalk?: ChalkInstance; picture?: Picture },
): string {
  const renderer = new Renderer(options.chalk ?? new Chalk({ level: 0 }), options.picture);
  return `${renderer.blocks(parser.parse(source, {}), options.width).join('\n')}\n`;
}

/** A section of a Markdown file: a heading of level two with what follows it; the first has the title and introduction. */
export interface MarkdownSection {
  readonly heading: string;
  readonly source: string;
}

/** Cuts a file at its headings of level two. */
export function markdownSections(source: string): MarkdownSection[] {
  const lines = source.split('\n');
  const starts = parser
    .parse(source, {})
    .filter(token => token.type === 'heading_open' && token.tag === 'h2' && token.level === 0)
    .map(token => token.map![0]);
  return [0, ...starts].map((start, i) => {
    const content = lines.slice(start, starts[i] ?? lines.length);
    return { heading: content[0]!.replace(/^#+\s*/, ''), source: content.join('\n') };
  });
}

/** The fenced code blocks of a file, with what stands after the fence (`sh run`). */
export function codeBlocks(source: string): { info: string; content: string }[] {
  return parser
    .parse(source, {})
    .filter(token => token.type === 'fence')
    .map(token => ({ info: token.info.trim(), content: token.content }));
}

/** The shape of a file: headings by level, code blocks, lists and their items, table rows. Two translations agree in it. */
export function markdownShape(source: string): string[] {
  const shape: string[] = [];
  for (const token of parser.parse(source, {})) {
    if (token.type === 'heading_open') shape.push(token.tag);
    if (token.type === 'fence') shape.push(`code ${token.info.trim()}`);
    if (/^(bullet_list|ordered_list|list_item|tr)_open$/.test(token.type)) shape.push(token.type.replace('_open', ''));
  }
  return shape;
}

class Renderer {
  constructor(
    private readonly chalk: ChalkInstance,
    private readonly picture: Picture | undefined,
  ) {}

  /** Lines of a run of sibling blocks, with one empty line between two of them. */
  blocks(tokens: readonly Token[], width: number, tight = false): string[] {
    const out: string[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const end = closing(tokens, i);
      const lines = this.block(tokens[i]!, tokens.slice(i + 1, end), width);
      if (lines.length > 0 && out.length > 0 && !tight) out.push('');
      out.push(...lines);
      i = end;
    }
    return out;
  }

  private block(token: Token, inner: readonly Token[], width: number): string[] {
    const { chalk } = this;
    switch (token.type) {
      case 'heading_open':
        return this.heading(token.tag, inner[0]!, width);
      case 'paragraph_open':
        return this.drawn(inner[0]!, width) ?? wrap(this.inline(inner[0]!), width);
      case 'inline':
        return wrap(this.inline(token), width);
      case 'fence':
      case 'code_block':
        return token.content
          .replace(/\n$/, '')
          .split('\n')
          .flatMap(line => wrapCode(line, width - 2).map((part, i) => ({ part, bar: i === 0 ? '│' : '┊' })))
          .map(({ part, bar }) => `${chalk.cyan.dim(bar)} ${this.code(part)}`);
      case 'bullet_list_open':
      case 'ordered_list_open':
        return this.list(token, inner, width);
      case 'blockquote_open':
        return this.blocks(inner, width - 2).map(line => `${chalk.dim('▌')} ${line}`);
      case 'table_open':
        return this.table(inner, width);
      case 'hr':
        return [chalk.dim('─'.repeat(width))];
      default:
        return [];
    }
  }

  private drawn({ children }: Token, width: number): string[] | undefined {
    const [image, ...others] = children ?? [];
    if (image?.type !== 'image' || others.length > 0) return undefined;
    const lines = this.picture?.(image.attrGet('src') ?? '', width);
    return lines && [...lines];
  }

  private heading(tag: string, content: Token, width: number): string[] {
    const { chalk } = this;
    const paint = tag === 'h1' ? chalk.bold.cyan : tag === 'h2' ? chalk.bold.yellow : chalk.bold;
    const lines = wrap(this.inline(content, paint), width);
    if (tag !== 'h1') return lines;
    return [...lines, chalk.cyan('━'.repeat(Math.max(...lines.map(widthOf))))];
  }

  /** A comment in a command is for the eye only: it steps back. */
  private code(line: string): string {
    const comment = line.search(/(^|\s)# /);
    return comment < 0 ? line : line.slice(0, comment) + this.chalk.dim(line.slice(comment));
  }

  private list(list: Token, inner: readonly Token[], width: number): string[] {
    const out: string[] = [];
    let number = Number(list.attrGet('start') ?? 1);
    for (let i = 0; i < inner.length; i++) {
      const end = closing(inner, i);
      const mark = list.type === 'ordered_list_open' ? `${number++}.` : '•';
      const indent = mark.length + 1;
      const item = inner.slice(i + 1, end);
      const tight = item.some(token => token.type === 'paragraph_open' && token.hidden);
      const lines = this.blocks(item, width - indent, tight);
      out.push(...lines.map((line, n) => (n === 0 ? `${this.chalk.cyan(mark)} ${line}` : ' '.repeat(indent) + line)));
      i = end;
    }
    return out;
  }

  private table(inner: readonly Token[], width: number): string[] {
    const rows: Cell[][] = [];
    let head = false;
    for (const [i, token] of inner.entries()) {
      if (token.type === 'thead_open') head = true;
      if (token.type === 'thead_close') head = false;
      if (token.type === 'tr_open') rows.push([]);
      if (/^t[hd]_open$/.test(token.type))
        rows.at(-1)!.push(this.inline(inner[i + 1]!, head ? this.chalk.bold : undefined));
    }
    return renderTable(rows, width, this.chalk.dim);
  }

  private inline(token: Token, base?: Paint): Span[] {
    const { chalk } = this;
    const styles: Paint[] = base ? [base] : [];
    const spans: Span[] = [];
    const push = (text: string, extra?: Paint, solid = false) => {
      const all = extra ? [...styles, extra] : [...styles];
      spans.push({
        text,
        solid,
        paint: all.length ? part => all.reduceRight((painted, style) => style(painted), part) : undefined,
      });
    };
    let target = '';
    for (const child of token.children ?? []) {
      if (child.type === 'text' || child.type === 'html_inline') push(child.content);
      else if (child.type === 'code_inline') push(child.content, chalk.cyan, true);
      else if (child.type === 'image') push(child.content);
      else if (child.type === 'hardbreak') push('\n');
      else if (child.type === 'softbreak') push(' ');
      else if (child.type === 'strong_open') styles.push(chalk.bold);
      else if (child.type === 'em_open') styles.push(chalk.italic);
      else if (child.type === 'link_open') {
        target = child.attrGet('href') ?? '';
        styles.push(chalk.underline);
      } else if (/^(strong|em)_close$/.test(child.type)) styles.pop();
      else if (child.type === 'link_close') {
        styles.pop();
        if (target !== '' && spans.at(-1)?.text !== target) push(` (${target})`, chalk.dim);
      }
    }
    return spans;
  }
}

/** The index of the token that closes the block opened at `start`; itself where it opens none. */
function closing(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    depth += tokens[i]!.nesting;
    if (depth <= 0) return i;
  }
  return tokens.length - 1;
}
