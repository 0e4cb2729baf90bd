import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bodyOf } from './body.ts';

const chunked = { 'transfer-encoding': 'chunked' };
const whole = '4\r\nWiki\r\nA;name=value\r\n0123\r\n6789\r\n0\r\nTrailer: x\r\n\r\ninput';

test('a body in chunks is told from what follows it, wherever its bytes are cut', () => {
  for (let size = 1; size <= whole.length; size++) {
    const body = bodyOf(chunked);
    let [content, input] = ['', ''];
    for (let at = 0; at < whole.length; at += size) {
      const part = Buffer.from(whole.slice(at, at + size));
      if (body.isOver) input += part;
      else content += body.take(part);
    }
    assert.equal([content, body.rest + input, body.isOver], ['Wiki0123\r\n6789', 'input', true], String(size));
  }
});

test('a body of an announced length, and none', () => {
  const body = bodyOf({ 'content-length': '4' });
  assert.is(String(body.take(Buffer.from('Wi'))), 'Wi');
  assert.not.ok(body.isOver);
  assert.equal([String(body.take(Buffer.from('kiinput'))), String(body.rest), body.isOver], ['ki', 'input', true]);
  assert.ok(bodyOf({}).isOver);
});

test('what is no chunk is refused', () => {
  for (const wrong of ['x\r\n', '-1\r\n', '2\r\nabc\r\n', 'ffffffffffffffff\r\n', 'a'.repeat(20_000)])
    assert.throws(() => bodyOf(chunked).take(Buffer.from(wrong)), /not well chunked/, wrong.slice(0, 20));
});

test.run();
