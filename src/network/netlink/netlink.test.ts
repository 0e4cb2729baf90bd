import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Slot, type Step, slot } from '../../syscalls/step.ts';
import { attribute, encode, errorOfAck, exchange, type Message, u8, zstring } from './netlink.ts';
import { addVeth, setMasterUp, setUp, showLink } from './rtnetlink.ts';

const socket: Slot = slot('netlink');
const text = (en: string) => ({ en, zh: '理由' });
const shape = (step: Step): string => (step.op === 'syscall' ? step.name : step.op);

test('attributes are padded to four bytes, their lengths are not', () => {
  const message: Message = {
    type: 1,
    flags: 2,
    content: [attribute(7, u8(9)), attribute(8, zstring('ab'))],
    words: '',
  };
  assert.is(
    Buffer.from(encode(message, 3).data.bytes).toString('hex'),
    '20000000' + '01000200' + '03000000' + '00000000' + '05000700' + '09000000' + '07000800' + '61620000',
  );
});

test('a change is four steps: send, receive, is it our acknowledgement, is its error zero', () => {
  const steps = exchange(socket, [{ message: setUp('lo'), why: text('loopback') }], { lesson: 'network-modes' });
  assert.equal(steps.map(shape), ['sendto', 'recvfrom', 'expect', 'expect']);
  assert.is(steps[0]!.why.en, 'loopback');
  assert.ok(steps.every(step => step.lesson === 'network-modes' && step.why.en !== ''));
});

test('what is known only at run time is stored into the very data that is sent', () => {
  const fd = slot('hostNetns');
  const message = addVeth({ name: 'eth0', index: 2, mac: '02:42:ac:12:00:02', peer: 'veth1', peerNamespace: fd });
  const [fill, send] = exchange(socket, [{ message, why: text('cable') }]);
  if (fill?.op !== 'store' || send?.op !== 'syscall') throw new Error('a store, then the call');
  assert.is(fill.from, fd);
  assert.is(fill.into, send.args[1]);
  const attributeHeader = Buffer.from(fill.into.bytes.slice(fill.at - 4, fill.at)).toString('hex');
  assert.is(attributeHeader, '08001c00', 'IFLA_NET_NS_FD of eight bytes');
});

test('a reply goes where later messages take the index from', () => {
  const bridge = showLink('br9');
  const steps = exchange(socket, [
    { message: bridge.message, why: text('find it') },
    { message: setMasterUp('veth1', bridge.index), why: text('plug it in') },
  ]);
  assert.equal(steps.map(shape), ['sendto', 'recvfrom', 'expect', 'store', 'sendto', 'recvfrom', 'expect', 'expect']);
  const receive = steps[1]!;
  const fill = steps[3]!;
  if (receive.op !== 'syscall' || fill.op !== 'store' || fill.from.kind !== 'word') throw new Error('unexpected steps');
  assert.is(fill.from.data, receive.args[1]);
});

test('the answer of another message is not taken for ours', () => {
  const steps = exchange(socket, [
    { message: setUp('lo'), why: text('first') },
    { message: setUp('eth0'), why: text('second') },
  ]);
  const checks = steps.filter(step => step.op === 'expect' && step.at === 4);
  assert.equal(
    checks.map(step => (step.op === 'expect' ? Buffer.from(step.value).readUInt32LE(4) : 0)),
    [1, 2],
  );
});

test('the kernel says no: the errno is named', () => {
  const answer = Buffer.from(Int32Array.of(36, 2, 1, 0, -17).buffer);
  assert.is(errorOfAck(answer), 'EEXIST');
  answer.writeInt32LE(0, 16);
  assert.is(errorOfAck(answer), '0');
  answer.writeUInt16LE(16, 4);
  assert.is(errorOfAck(answer), undefined);
});

test.run();
