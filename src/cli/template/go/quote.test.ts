import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quote, unquote } from './quote.ts';

test('Go’s quotes', () => {
  const cases: [string, string][] = [
    ['sleep 1000', '"sleep 1000"'],
    [`"a\\b"`, `"\\"a\\\\b\\""`],
    ['\x1b]0;\x07\b\f\n\r\t\v\0\x7f', '"\\x1b]0;\\a\\b\\f\\n\\r\\t\\v\\x00\\x7f"'],
    ['é中👍\u00a0\u009b\u202e\u200b\u{e0001}', '"é中👍\\u00a0\\u009b\\u202e\\u200b\\U000e0001"'],
  ];
  for (const [text, quoted] of cases) {
    assert.is(quote(text), quoted);
    assert.is(unquote(quoted), text);
  }
  assert.is(quote("it's", "'"), `'it\\'s'`);
  assert.is(quote('é', '"', true), '"\\u00e9"');
});

test('what is no escape is refused', () => {
  assert.is(unquote('"\\x41\\101\\U0001f44d"'), 'AA👍');
  assert.is(unquote('`a\\n`'), 'a\\n');
  for (const wrong of ['"\\q"', '"\\400"', '"\\ud800"', `"\\'"`, '"\\x4"']) assert.is(unquote(wrong), undefined, wrong);
});

test.run();
