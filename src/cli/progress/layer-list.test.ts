import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LayerList } from './layer-list.ts';

test('elsewhere than on a terminal each change is a line, bytes are not', () => {
  let out = '';
  const list = new LayerList(text => {
    out += text;
  }, undefined);
  list.show({ layer: 'a', phase: 'Pulling fs layer' });
  list.show({ layer: 'a', phase: 'Downloading', current: 1, total: 2 });
  list.show({ layer: 'a', phase: 'Download complete' });
  list.show({ layer: 'a', phase: 'Download complete' });
  list.show({ layer: 'a', phase: 'Pull complete' });
  assert.is(out, 'a: Pulling fs layer\na: Download complete\na: Pull complete\n');
});

test('on a terminal layers keep their lines', () => {
  let out = '';
  const list = new LayerList(
    text => {
      out += text;
    },
    { rows: 24, columns: 120 },
  );
  list.show({ layer: 'a', phase: 'Waiting' }, 0);
  list.show({ layer: 'b', phase: 'Waiting' }, 0);
  out = '';
  list.show({ layer: 'a', phase: 'Downloading', current: 1_200_000, total: 2_400_000 }, 1);
  assert.is(out, `\x1b[2A\ra: Downloading [${'='.repeat(25)}>${' '.repeat(24)}]  1.2MB/2.4MB\x1b[K\x1b[2B\r`);
  out = '';
  list.show({ layer: 'a', phase: 'Downloading', current: 1_300_000, total: 2_400_000 }, 20);
  assert.is(out, '', 'too soon to draw again');
  list.show({ layer: 'a', phase: 'Downloading', current: 2_400_000, total: 2_400_000 }, 21);
  assert.match(out, / {2}2.4MB\/2.4MB\x1b/, 'all of it is drawn however soon');
  out = '';
  list.show({ layer: 'b', phase: 'Pull complete' }, 21);
  assert.is(out, '\x1b[1A\rb: Pull complete\x1b[K\x1b[1B\r');
});

test('a list that is longer than the terminal is not drawn in place', () => {
  let out = '';
  const list = new LayerList(
    text => {
      out += text;
    },
    { rows: 2, columns: 80 },
  );
  for (const layer of ['a', 'b']) list.show({ layer, phase: 'Waiting' });
  list.show({ layer: 'a', phase: 'Pull complete' });
  assert.is(out, 'a: Waiting\nb: Waiting\na: Pull complete\n');
});

test.run();
