import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freshName } from './fresh-names.ts';
import { isName } from './names.ts';

test('made-up names are valid names, and free', () => {
  for (let i = 0; i < 100; i++) {
    const name = freshName(() => false);
    assert.match(name, /^[a-z]+_[a-z]+$/);
    assert.ok(isName(name));
  }
  let asked = 0;
  assert.match(
    freshName(() => asked++ < 20),
    /^[a-z]+_[a-z]+\d+$/,
  );
});

test.run();
