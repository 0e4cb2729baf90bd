import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sectionNames } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import { cases } from './golden/cases.ts';

/**
 * The reasons of all steps that a program of ours can contain, whatever the machine and the flags: as they stand in the source,
 * the values of a composed one as a sign. The texts of the course and of views are not among them.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .filter(name => !/^(workshop\/(?!lesson\.ts)|cli\/|xray\/views\/|capture\/views\/)/.test(name));

interface Found extends Text {
  readonly where: string;
}

/** Stands for each `${…}` of a template. */
const value = '⟨⟩';
/** A string literal of any kind. */
const literal = String.raw`('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\`(?:[^\`\\]|\\.)*\`)`;
const pair = new RegExp(String.raw`\ben:\s*${literal},\s*zh:\s*${literal}`, 'g');

function textsIn(name: string): Found[] {
  const source = readFileSync(`${root}${name}`, 'utf8');
  const found = [...source.matchAll(pair)].map(({ 1: en, 2: zh, index }) => ({
    en: written(en!),
    zh: written(zh!),
    where: `src/${name}:${source.slice(0, index).split('\n').length}`,
  }));
  assert.is(
    found.length,
    source.match(/\bzh:/g)?.length ?? 0,
    `${name}: every zh stands behind its en, both as literals`,
  );
  return found;
}

/** What a literal says. */
function written(source: string): string {
  return source
    .slice(1, -1)
    .replace(/\$\{[^}]*\}/g, value)
    .replace(/\\(.)/g, '$1');
}

const texts = files.flatMap(textsIn);
const han = /\p{Script=Han}/u;
const values = (text: string) => text.split(value).length - 1;

test('every reason that a program can hold is found in the source', () => {
  assert.ok(texts.length > 200, `${texts.length} texts`);
  const known = new Set(texts.map(({ en }) => en));
  const composed = [...known].filter(values).map(en => new RegExp(`^${en.split(value).map(quoted).join('.+')}$`, 's'));
  for (const [name, make] of Object.entries(cases)) {
    const program = make();
    for (const { why } of sectionNames.flatMap(section => program[section]))
      assert.ok(known.has(why.en) || composed.some(one => one.test(why.en)), `${name}: ${why.en}`);
  }
});

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

test('the Chinese of a reason is Chinese, with its punctuation, and holds as many values as the English', () => {
  for (const { en, zh, where } of texts) {
    assert.match(zh, han, where);
    assert.not.match(en, han, where);
    assert.not.match(zh, /\p{Script=Han}[,;:?!()]|[,;?!()]\p{Script=Han}/u, where);
    assert.not.match(`${en}${zh}`, /[.。]$|\n/, where);
    assert.is(values(zh), values(en), where);
  }
});

test('reasons that differ in one language differ in the other', () => {
  for (const [from, to] of [
    ['en', 'zh'],
    ['zh', 'en'],
  ] as const) {
    const seen = new Map<string, Found>();
    for (const one of texts) {
      const other = seen.get(one[from]);
      assert.is(one[to], other?.[to] ?? one[to], `${one.where} and ${other?.where}: ${one[from]}`);
      seen.set(one[from], one);
    }
  }
});

test('an English reason is one line of a terminal, its values not counted', () => {
  for (const { en, where } of texts) assert.ok(en.replaceAll(value, '').length <= 90, `${where}: ${en}`);
});

test.run();
