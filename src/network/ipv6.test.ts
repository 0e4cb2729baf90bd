import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ipv6Bytes } from './ipv6.ts';

const hex = (text: string) => Buffer.from(ipv6Bytes(text)!).toString('hex');

test('addresses as RFC 4291 writes them', () => {
  assert.is(hex('::'), '0'.repeat(32));
  assert.is(hex('::1'), '1'.padStart(32, '0'));
  assert.is(hex('fe80::'), 'fe80'.padEnd(32, '0'));
  assert.is(hex('2001:DB8::8:800:200c:417a'), '20010db80000000000080800200c417a');
  assert.is(hex('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008');
  assert.is(hex('::ffff:192.0.2.1'), '00000000000000000000ffffc0000201');
});

test('what is none', () => {
  for (const text of [
    '',
    ':',
    ':::',
    '1',
    '127.0.0.1',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
  ])
    assert.is(ipv6Bytes(text), undefined, text);
  for (const text of ['::1%lo', '[::1]', '::1.2.3', '::1.2.3.256', '1:2:3:4:5:6:7::8'])
    assert.is(ipv6Bytes(text), undefined, text);
});

test.run();
