import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modeChange } from './mode.ts';

const folder = mkdtempSync(join(tmpdir(), 'mode-'));
test.after(() => rmSync(folder, { recursive: true }));

const texts = [
  'u=rwX,go=rX',
  'a+r',
  'g=u',
  'go-rwx',
  '+x',
  'u+s,g-s',
  'o=',
  'u=rw,a+X',
  'a=rx,u+w',
  '+t',
  'g+s',
  'u-x+w',
];

test('a mode by letters is what chmod makes of it', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const own of [0o644, 0o600, 0o755, 0o711, 0o4750, 0o000]) {
    for (const text of texts) {
      chmodSync(file, own);
      // Without a umask, which chmod asks where nobody is named.
      execFileSync('sh', ['-c', 'umask 0; chmod "$0" "$1"', text, file]);
      const wanted = statSync(file).mode & 0o7777;
      assert.is(modeChange(text)!(own, false).toString(8), wanted.toString(8), `${text} of ${own.toString(8)}`);
    }
  }
});

test('X gives a directory the right to be entered', () => {
  assert.is(modeChange('u=rwX,go=rX')!(0o700, true), 0o755);
  assert.is(modeChange('a=rX')!(0o000, true), 0o555);
});

test('octal modes are those of all', () => {
  assert.is(modeChange('0755')!(0o600, false), 0o755);
  assert.is(modeChange('1777')!(0o600, true), 0o1777);
});

for (const text of ['', '8', '75', 'u', 'u=q', 'rwx', 'u=rw,', 'u=ug', '=rw,,', 'x=r'])
  test(`${JSON.stringify(text)} is none`, () => assert.is(modeChange(text), undefined));

test.run();
