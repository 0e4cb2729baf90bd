import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { room } from '../../syscalls/data.ts';
import { slot, word } from '../../syscalls/step.ts';
import { encode, type Message } from './netlink.ts';
import {
  addBridge,
  addDefaultRoute,
  addVeth,
  deleteLink,
  isInterfaceName,
  replaceAddress,
  setHairpin,
  setMasterUp,
  setMtu,
  setUp,
  showLink,
} from './rtnetlink.ts';

/** The bytes in hexadecimal, words of four bytes apart; the holes are filled with `filler` first. */
function hex(message: Message, filler = 0): string {
  const { data, holes } = encode(message, 1);
  const view = new DataView(data.bytes.buffer);
  for (const { at } of holes) view.setUint32(at, filler, true);
  return Buffer.from(data.bytes)
    .toString('hex')
    .replace(/(.{8})/g, '$1 ')
    .trim();
}
const index = word('index', room(32, 'link'), 20);

// What iproute2 6.1 sends for the same words, captured under strace -e write=3; its sequence numbers set to 1.
test('the messages are byte for byte those of ip, where ip names interfaces as we do', () => {
  assert.is(
    hex(
      addVeth({ name: 'eth0', index: 2, mac: '02:42:ac:12:00:02', peer: 'veth0123456', peerNamespace: slot('host') }),
      4,
    ),
    '74000000 10000506 01000000 00000000 00000000 02000000 00000000 00000000 0a000100 0242ac12 00020000 09000300 ' +
      '65746830 00000000 3c001200 08000100 76657468 30000200 2c000100 00000000 00000000 00000000 00000000 08001c00 ' +
      '04000000 10000300 76657468 30313233 34353600',
  );
  assert.is(
    hex(replaceAddress('eth0', 2, '172.18.0.2', 16)),
    '30000000 14000505 01000000 00000000 02100000 02000000 08000200 ac120002 08000400 ac12ffff 08000100 ac120002',
  );
  assert.is(
    hex(addDefaultRoute('172.18.0.1')),
    '24000000 18000506 01000000 00000000 02000000 fe030001 00000000 08000500 ac120001',
  );
  assert.is(
    hex(setHairpin('eth0', index), 2),
    '2c000000 13000500 01000000 00000000 07000000 02000000 00000000 00000000 0c000c80 05000400 01000000',
  );
});

test('link set names the interface where ip looks its index up first', () => {
  assert.is(
    hex(setUp('lo')),
    '28000000 10000500 01000000 00000000 00000000 00000000 01000000 01000000 07000300 6c6f0000',
  );
  assert.is(
    hex(setMasterUp('veth0', index), 3),
    '34000000 10000500 01000000 00000000 00000000 00000000 01000000 01000000 08000a00 03000000 0a000300 76657468 30000000',
  );
});

test('a bridge is made without NLM_F_EXCL, so that two engines may both make it', () => {
  assert.is(
    hex(addBridge('br9', '02:42:ac:12:00:01')),
    '44000000 10000504 01000000 00000000 00000000 00000000 00000000 00000000 0a000100 0242ac12 00010000 08000300 ' +
      '62723900 10001200 0a000100 62726964 67650000',
  );
});

test('a question wants no acknowledgement and reads the index out of the reply', () => {
  const link = showLink('br9');
  assert.is(
    hex(link.message),
    '28000000 12000100 01000000 00000000 00000000 00000000 00000000 00000000 08000300 62723900',
  );
  assert.is(link.index.at, 20);
  assert.is(link.index.data, link.message.reply?.data);
});

test('messages read as ip is typed', () => {
  assert.is(setMtu('eth0', 1400).words, 'link set eth0 mtu 1400');
  assert.is(deleteLink('br9').words, 'link delete br9');
  assert.is(
    replaceAddress('eth0', 2, '172.18.0.2', 16).words,
    'addr replace 172.18.0.2/16 broadcast 172.18.255.255 dev eth0',
  );
});

test('names that the kernel refuses are known before', () => {
  for (const name of ['', '.', '..', 'a/b', 'a b', 'a:b', 'sixteen-bytes-xx', 'é'.repeat(8)]) {
    assert.not(isInterfaceName(name), name);
  }
  assert.ok(isInterfaceName('fifteen-bytes-x'));
});

test.run();
