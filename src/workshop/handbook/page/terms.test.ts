import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lesson } from '../../lesson.ts';
import { renderHtml } from './markdown.ts';
import { TermLinks, termsOf } from './terms.ts';

const word = (en: string, zh: string) => ({ term: { en, zh }, means: { en: `what "${en}" is`, zh: '…' } });
const lesson = {
  id: '04-pid',
  glossary: [
    word('PID', 'PID'),
    word('PID namespace', 'PID 命名空间'),
    word('capability', '权能（capability）'),
    word('clone, fork', 'clone、fork'),
    word('layer', '层（layer）'),
    word('orphan', '孤儿进程'),
    word('process', '进程'),
  ],
} as unknown as Lesson;

function termsLinkedIn(source: string, language: 'en' | 'zh' = 'en'): string[] {
  const terms = new TermLinks(termsOf([lesson], language));
  const { html } = renderHtml(source, { link: () => 'page.html', noPage: '', terms });
  return [...html.matchAll(/<a class="term" href="glossary\.html#([^"]*)"[^>]*>(.*?)<\/a>/g)].map(
    ([, anchor, text]) => `${text} → ${anchor}`,
  );
}

test('the first occurrence of a term leads to its entry, with its meaning; the texts of a page share what was linked', () => {
  const terms = new TermLinks(termsOf([lesson], 'en'));
  const around = { link: () => undefined, noPage: '', terms };
  assert.is(
    renderHtml('An orphan & an orphan.', around).html.trim(),
    '<p>An <a class="term" href="glossary.html#orphan" title="what &quot;orphan&quot; is">orphan</a> &amp; an orphan.</p>',
  );
  assert.is(renderHtml('One more orphan.', around).html.trim(), '<p>One more orphan.</p>');
});

test('plurals and beginnings of sentences are the term, parts of other words are not', () => {
  assert.equal(termsLinkedIn('Orphans have capabilities.'), ['Orphans → orphan', 'capabilities → capability']);
  assert.equal(termsLinkedIn('A multilayer, the layer-like, pids, /process/x, layer.md and process-wide'), []);
  assert.equal(termsLinkedIn('A PID namespace has PIDs, every PID one process.'), [
    'PID namespace → pid-namespace',
    'PID → pid',
    'process → process',
  ]);
});

test('code that is a term leads there, other code, headings and links stay as they are', () => {
  assert.equal(termsLinkedIn('A fork, `fork`, then `fork()`'), ['<code>fork</code> → clone-fork']);
  assert.equal(termsLinkedIn('## A process\n\n[the process](x.md) `process 1`\n\n    process\n'), []);
});

test('in Chinese there are no blanks around a word; a single character is none', () => {
  assert.equal(termsLinkedIn('孤儿进程是进程，它在上层；capability 即权能。', 'zh'), [
    '孤儿进程 → 孤儿进程',
    '进程 → 进程',
    'capability → 权能-capability',
  ]);
});

test('what the search reads is the text without the links', () => {
  const terms = new TermLinks(termsOf([lesson], 'en'));
  const { parts } = renderHtml('# A\n\nAn orphan of a process', { link: () => undefined, noPage: '', terms });
  assert.is(parts[1]!.text, 'An orphan of a process\n');
});

test.run();
