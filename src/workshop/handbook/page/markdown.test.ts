import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeHtml, inlineHtml, renderHtml } from './markdown.ts';

const around = {
  noPage: 'a file of the checkout',
  link: (target: string) => (target === '../04-pid/README.md' ? '04-pid.html' : undefined),
  image: (file: string) => (file === 'figure.svg' ? '<svg></svg>' : undefined),
};

test('headings get anchors in any language, the second of a name a number', () => {
  const { html, parts } = renderHtml('# `ps` & co\n\ntext\n\n## 核心思想\n\na\n\n## 核心思想\n\nb `c`', around);
  assert.match(html, /<h1 id="ps-co"><code>ps<\/code> &amp; co<\/h1>/);
  assert.match(html, /<h2 id="核心思想">.*<h2 id="核心思想-2">/s);
  assert.equal(
    parts.map(({ anchor, heading, text }) => [anchor, heading, text.trim()]),
    [
      ['', '', ''],
      ['ps-co', 'ps & co', 'text'],
      ['核心思想', '核心思想', 'a'],
      ['核心思想-2', '核心思想', 'b c'],
    ],
  );
});

test('links lead to pages, elsewhere, or are the name of a file', () => {
  const { html } = renderHtml('[a](../04-pid/README.md) [b](https://x.test/) [c](../../docs/x.md) [d](#e)', around);
  assert.is(
    html.trim(),
    '<p><a href="04-pid.html">a</a> <a href="https://x.test/">b</a> <span class="file" title="a file of the checkout">c</span> <a href="#e">d</a></p>',
  );
});

test('a picture that is known stands in its place, another becomes its description', () => {
  const { html } = renderHtml('![one](figure.svg) ![two <b>](other.png)', around);
  assert.is(html.trim(), '<p><svg></svg> <em>two &lt;b&gt;</em></p>');
});

test('of two blocks for two versions of cgroups each says for which it is', () => {
  const { html } = renderHtml('```sh cgroup1\nls a\n```\n\n```sh cgroup2\nls b\n```\n', {
    link: () => undefined,
    noPage: '',
  });
  assert.match(html, /cgroup v1<\/p>\n<pre>[\s\S]*ls<\/span> a[\s\S]*cgroup v2<\/p>\n<pre>/);
});

test('HTML of a text is text, and code is highlighted where its language is known', () => {
  assert.match(renderHtml('<script>alert(1)</script>', around).html, /&lt;script&gt;/);
  assert.match(codeHtml('int main(void) { return "</script>"; }', 'c'), /hljs-type.*&lt;\/script&gt;/s);
  assert.match(codeHtml('a < b', 'nonsense'), /<code class="language-nonsense">a &lt; b/);
  assert.is(inlineHtml('a `b` **c** <d>'), 'a <code>b</code> <strong>c</strong> &lt;d&gt;');
});

test.run();
