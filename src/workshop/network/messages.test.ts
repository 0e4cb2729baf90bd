import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exchange } from '../../network/netlink/netlink.ts';
import { addDefaultRoute, setMasterUp, setUp, showLink } from '../../network/netlink/rtnetlink.ts';
import { close } from '../../syscalls/calls.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import { asPreparation, hidesExchange, labGroup } from './hidden.ts';
import { swapMessages, withoutMessages } from './messages.ts';

const why = { en: 'a test', zh: '测试' };
const netlink = slot('netlink');
const bridge = showLink('br0');
const steps = [
  ...exchange(
    netlink,
    [
      { message: bridge.message, why },
      { message: setMasterUp('veth0', bridge.index), why },
      { message: setUp('eth0'), why },
      { message: addDefaultRoute('10.0.0.1'), why },
    ],
    { group: 'wiring' },
  ),
  close(netlink, { why, group: 'wiring' }),
];

const sent = (list: readonly Step[]) =>
  list.flatMap(step =>
    step.op === 'syscall' && step.name === 'sendto' ? [(step.args[1] as { text: string }).text] : [],
  );
const [show, plug, up, route] = sent(steps) as [string, string, string, string];

test('a message goes with its stores and with the checks of its answer', () => {
  const left = withoutMessages(steps, ['link set veth0 master']);
  assert.equal(sent(left), [show, up, route]);
  assert.not.ok(left.some(step => step.op === 'store'));
  const checks = (list: readonly Step[]) => list.filter(step => step.op === 'expect').length;
  assert.is(checks(steps) - checks(left), 2);
  assert.is(left.at(-1), steps.at(-1));
});

test('two messages change places as wholes, and nothing is lost', () => {
  const swapped = swapMessages(steps, 'link set eth0 up', 'route add');
  assert.equal(sent(swapped), [show, plug, route, up]);
  assert.is(new Set(swapped).size, steps.length);
  const at = swapped.findIndex(step => step.op === 'syscall' && step.why === why && sent([step])[0] === route);
  assert.equal(
    swapped.slice(at, at + 4).map(step => (step.op === 'syscall' ? step.name : step.op)),
    ['sendto', 'recvfrom', 'expect', 'expect'],
  );
});

test('a message that is not sent cannot be left out', () => {
  assert.throws(() => withoutMessages(steps, ['addr replace']), /addr replace/);
});

test('of each message one step is shown, of what is preparation none', () => {
  assert.equal(
    sent(steps),
    steps.filter(step => !hidesExchange(step)).flatMap(step => sent([step])),
  );
  assert.is(steps.filter(step => !hidesExchange(step)).length, 4);
  assert.ok(asPreparation(steps).every(step => step.group === labGroup && hidesExchange(step)));
});

test.run();
