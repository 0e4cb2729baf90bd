import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pieces } from '../../engine/compile/pieces.ts';
import { call, mount } from '../calls.ts';
import { bytes, room, str, strings } from '../data.ts';
import { type Step, slot } from '../step.ts';
import { CLONE, PR } from '../uapi/flags.ts';
import type { SyscallName } from '../uapi/numbers.ts';
import { parameters } from '../uapi/parameters.ts';
import { vet } from './vet.ts';

const about = { why: { en: '', zh: '' } };
const known = Object.keys(parameters) as SyscallName[];
const told = (step: Step) => vet([step], known);

test('the engine’s own pieces are above reproach', () => {
  const child = slot('child');
  const steps = [
    ...pieces.utsNamespace('x'),
    ...pieces.mountNamespace(),
    ...pieces.pivotRoot('/root'),
    ...pieces.newSession(),
    ...pieces.enterWorkingDirectory('/'),
    ...pieces.execute({ args: ['ls'], env: ['PATH=/bin'] }),
    ...pieces.deviceNodes(),
    ...pieces.noNewPrivileges(),
    pieces.cloneProcess(['pid', 'network'], child),
    pieces.cgroupNamespace(),
    pieces.fileMask(),
  ];
  assert.is(vet(steps, known), undefined);
});

test('a call that is not on the list is not performed, whatever its name is like', () => {
  for (const name of ['reboot', 'init_module', 'toString', '__proto__'])
    assert.is(vet([call(name as SyscallName, [], about)], ['sethostname'])?.kind, 'not-allowed');
  assert.match(vet([call('reboot', [], about)], ['reboot'])!.reason, /nobody has written down/);
});

const malformed: [step: Step, reason: RegExp][] = [
  [call('sethostname', [0x400000, 8], about), /argument 1 is a number where an address belongs/],
  [call('sethostname', [0x400000n, 8], about), /argument 1 is a number where an address belongs/],
  [call('sethostname', [slot('x'), 8], about), /argument 1 is a number where an address belongs/],
  [call('sethostname', [0, 0], about), /must not be null/],
  [call('sethostname', [str('x'), 3], about), /has 2 bytes, and the kernel is told of 3/],
  [call('sethostname', [str('x'), -1], about), /has 2 bytes, and the kernel is told of -1/],
  [call('sethostname', [str('x'), slot('n')], about), /a length that is not known/],
  [call('read', [0, room(8, ''), 9], about), /has 8 bytes/],
  [call('fstat', [0, room(100, '')], about), /told of 144/],
  [call('chdir', [bytes(new Uint8Array([47]), '')], about), /no NUL at its end/],
  [call('chdir', [strings(['/'])], about), /is no string/],
  [call('execve', [str('/x'), str('x'), strings([])], about), /no list of strings/],
  [call('close', [str('x')], about), /data where a number belongs/],
  [call('close', [1, 2], about), /takes 1 arguments, not 2/],
  [mount('/dev/sda', '/mnt', 'ext4', 0, null, about), /type "ext4" are not mounted/],
  [mount('x', '/mnt', 'nfs', 0, null, about), /type "nfs" are not mounted/],
  [call('clone', [17, 0, 0, 0, 0], about), /without `forks: true`/],
  [call('clone', [17 | 0x100, 0, 0, 0, 0], { ...about, forks: true }), /neither a namespace/],
  [call('clone', [17 | CLONE.CLONE_NEWUSER, 0, 0, 0, 0], { ...about, forks: true }), /neither a namespace/],
  [call('clone', [17, 0x400000, 0, 0, 0], { ...about, forks: true }), /must be 0/],
  [call('unshare', [CLONE.CLONE_NEWUSER], about), /neither a namespace/],
  [call('getpid', [], { ...about, forks: true }), /only clone forks/],
  [call('prctl', [PR.PR_SET_NAME, 0x400000], about), /takes an address/],
];

for (const [step, reason] of malformed)
  test(`refused: ${step.op === 'syscall' ? step.name : step.op}, ${reason.source}`, () => {
    assert.is(told(step)?.kind, 'malformed');
    assert.match(told(step)!.reason, reason);
  });

test.run();
