import { Chalk } from 'chalk';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widthOf } from '../../syscalls/text/columns.ts';
import { codeBlocks, markdownSections, markdownShape, renderMarkdown } from './markdown.ts';

const source = `# A title

Some *plain* text with \`code\` and a [link](https://example.org/x), hard
wrapped in the source.

## A part

- first
- second, which is long enough to be wrapped onto a second line
  1. inner

\`\`\`sh run
echo hello   # → hello
\`\`\`

| call | meaning |
|---|---|
| \`a\\|b\` | **strong** |

> quoted
`;

const rendered = renderMarkdown(source, { width: 40 });

test('headings are underlined, paragraphs wrapped anew', () => {
  assert.match(rendered, /^A title\n━{7}\n\nSome plain text with code and a link\n/);
  assert.match(rendered, /link\n\(https:\/\/example\.org\/x\), hard wrapped in\nthe source\./);
});

test('lists hang, code has a bar, tables are aligned', () => {
  assert.match(
    rendered,
    /• first\n• second, which is long enough to be\n {2}wrapped onto a second line\n {2}1\. inner\n/,
  );
  assert.match(rendered, /│ echo hello {3}# → hello\n/);
  assert.match(rendered, /call {2}meaning\n─+\na\|b {3}strong\n/);
  assert.match(rendered, /▌ quoted/);
});

test('nothing but code is wider than asked', () => {
  const long = 'abc '.repeat(40);
  const nested = renderMarkdown(`${long}\n\n> ${long}\n\n- ${long}\n  10. ${long}\n`, { width: 40 });
  for (const line of [...rendered.split('\n'), ...nested.split('\n')]) assert.ok(widthOf(line) <= 40, line);
});

test('no colour codes without colour, some with', () => {
  assert.not.match(rendered, /\x1b/);
  assert.match(
    renderMarkdown('**a** `b`', { width: 40, chalk: new Chalk({ level: 1 }) }),
    /\x1b\[1ma\x1b\[22m \x1b\[36mb/,
  );
});

test('HTML is text, not markup', () => {
  assert.is(renderMarkdown('a <b>c</b>\n\n<div>whole</div>\n', { width: 40 }), 'a <b>c</b>\n\n<div>whole</div>\n');
});

test('sections are cut at headings of level two, not inside code', () => {
  const sections = markdownSections('# T\n\nintro\n\n## One\n\n```\n## no\n```\n\n## Two\nend\n');
  assert.equal(
    sections.map(section => section.heading),
    ['T', 'One', 'Two'],
  );
  assert.match(sections[1]!.source, /## no/);
});

test('code blocks carry their label; the shape tells structure from words', () => {
  assert.equal(codeBlocks(source), [{ info: 'sh run', content: 'echo hello   # → hello\n' }]);
  assert.equal(markdownShape('# a\n\n- x\n- y\n'), markdownShape('# b\n\n- z\n- w\n'));
  for (const [one, other] of [
    ['# a\n\n- x\n', '# a\n\n- x\n- y\n'],
    ['# a\n', '## a\n'],
    ['```sh\nx\n```\n', '```sh run\nx\n```\n'],
    ['| a |\n|---|\n| b |\n', '| a |\n|---|\n'],
    ['- x\n', '1. x\n'],
  ])
    assert.not.equal(markdownShape(one!), markdownShape(other!), other);
});

test('an image in a paragraph of its own is drawn by who can, else described', () => {
  const source = 'before\n\n![what it shows](figure.svg)\n\nafter ![small](x.png)\n';
  const picture = (file: string) => (file === 'figure.svg' ? ['┌┐', '└┘'] : undefined);
  assert.is(renderMarkdown(source, { width: 40, picture }), 'before\n\n┌┐\n└┘\n\nafter small\n');
  assert.is(renderMarkdown(source, { width: 40 }), 'before\n\nwhat it shows\n\nafter small\n');
});

test.run();
