import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkName, freshName } from './names.ts';

test('made-up names are valid names, and free', () => {
  for (let i = 0; i < 100; i++) assert.match(checkName(freshName(() => false)), /^[a-z]+_[a-z]+$/);
  let asked = 0;
  assert.match(
    freshName(() => asked++ < 20),
    /^[a-z]+_[a-z]+\d+$/,
  );
});

test('names that are paths, flags or too short are refused', () => {
  assert.is(checkName('web-1.x_Y'), 'web-1.x_Y');
  assert.is(checkName('/web'), 'web');
  for (const wrong of ['', '/', 'a', '-x', '../x', 'a/b', 'a b', '.a', 'ä1', `a${'b'.repeat(255)}`, 'a\n']) {
    assert.throws(() => checkName(wrong), /Invalid container name/, wrong);
  }
});

test.run();
