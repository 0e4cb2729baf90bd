import { Chalk } from 'chalk';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widthOf } from '../../syscalls/text/columns.ts';
import { arrow, box, column, type Figure, type Item, row } from './figure.ts';
import { figureToSvg } from './svg.ts';
import { drawFigure } from './terminal.ts';

const chalk = new Chalk({ level: 0 });
const title = { en: 'a figure', zh: '一张图' };

function figure(body: Item, ...arrows: NonNullable<Figure['arrows']>): Figure {
  return { title, summary: title, body, arrows };
}

const draw = (drawn: Figure, width: number, language: 'en' | 'zh' = 'en') =>
  drawFigure(drawn, language, { width, chalk }).join('\n');

const pair = figure(
  row(box('host', 'left', { lines: ['one'], name: 'a' }), box('container', 'right', { lines: ['two'], name: 'b' })),
  arrow('a', 'b', 'goes'),
);

test('boxes stand side by side where there is room, with the arrow between them', () => {
  assert.is(
    draw(pair, 36),
    [
      '┌─ left ──────┐ goes ┌─ right ─────┐',
      '│ one         │─────▶│ two         │',
      '└─────────────┘      └─────────────┘',
    ].join('\n'),
  );
});

test('where there is none they stack, and the arrow runs down', () => {
  const lines = draw(pair, 14).split('\n');
  assert.ok(lines.some(line => line.includes('│ goes')));
  assert.ok(lines.some(line => line.trim() === '▼'));
  for (const line of lines) assert.ok(widthOf(line) <= 14, line);
});

test('Chinese takes two columns, and the borders stay straight', () => {
  const chinese = figure(box('host', { en: 'x', zh: '命名空间' }, { lines: [{ en: 'x', zh: '主机名，容器' }, 'abc'] }));
  const widths = draw(chinese, 30, 'zh').split('\n').map(widthOf);
  assert.is(new Set(widths).size, 1, widths.join(' '));
});

test('an arrow whose way is barred is told in words', () => {
  const barred = figure(
    row(row(box('host', 'first', { name: 'a' }), box('plain', 'between')), box('container', 'second', { name: 'b' })),
    arrow('a', 'b', 'goes'),
  );
  assert.match(draw(barred, 90), /first → second: goes/);
});

test('an arrow to a name that no box has, and a name twice, are refused', () => {
  assert.throws(() => draw(figure(box('host', 'x', { name: 'a' }), arrow('a', 'b')), 40), /names no box: b/);
  assert.throws(
    () => draw(figure(column(box('host', 'x', { name: 'a' }), box('host', 'y', { name: 'a' }))), 40),
    /two boxes have the name a/,
  );
});

test('SVG spells out what XML would read', () => {
  const svg = figureToSvg(figure(box('host', 'a < b & c', { lines: ['<script>'] })), 'en');
  assert.match(svg, /a &lt; b &amp; c/);
  assert.not.match(svg, /<script>/);
});

test.run();
