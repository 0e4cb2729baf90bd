import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileSeccomp } from './compile.ts';
import { dockerSeccomp } from './docker-profile.ts';

const host = { arch: 'x64', kernel: { version: [5, 10] } } as const;
const read = (profile: unknown, capabilities: string[] = [], on: Parameters<typeof dockerSeccomp>[2] = host) =>
  dockerSeccomp(typeof profile === 'string' ? profile : JSON.stringify(profile), capabilities, on);
const rule = (more: object) => ({ names: ['mount'], action: 'SCMP_ACT_ALLOW', ...more });
const profile = (...syscalls: object[]) => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls });
const kept = (more: object, capabilities: string[] = []) =>
  read(profile(rule(more)), capabilities)!.syscalls.length === 1;

test('an empty profile filters nothing', () => assert.is(read({}), undefined));

test('rules are for capabilities, architectures and kernels', () => {
  assert.ok(kept({ comment: 'why' }));
  assert.ok(kept({ includes: { caps: ['CAP_SYS_ADMIN'] } }, ['CAP_SYS_ADMIN']));
  assert.not(kept({ includes: { caps: ['CAP_SYS_ADMIN'] } }, ['CAP_CHOWN']));
  assert.not(kept({ includes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } }, ['CAP_BPF']), 'all of them are needed');
  assert.not(kept({ excludes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } }, ['CAP_BPF']), 'one is enough');
  assert.ok(kept({ excludes: { caps: ['CAP_SYS_ADMIN'] } }));
  assert.ok(kept({ includes: { arches: ['amd64', 'x32'] } }));
  assert.not(kept({ includes: { arches: ['arm64'] } }));
  assert.not(kept({ excludes: { arches: ['amd64'] } }));
  assert.ok(kept({ includes: { minKernel: '4.8' } }));
  assert.ok(kept({ includes: { minKernel: '5.10' } }));
  assert.not(kept({ includes: { minKernel: '5.11' } }));
  assert.ok(kept({ includes: {}, excludes: {}, args: null }));
});

test('architectures: by the map, by the list, else this one', () => {
  const map = [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ];
  assert.equal(read({ ...profile(), archMap: map })!.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
  assert.equal(read({ ...profile(), archMap: map }, [], { ...host, arch: 'arm64' })!.architectures, [
    'SCMP_ARCH_AARCH64',
    'SCMP_ARCH_ARM',
  ]);
  assert.equal(read(profile())!.architectures, ['SCMP_ARCH_X86_64']);
  assert.throws(() => read({ ...profile(), architectures: ['SCMP_ARCH_ARM'] }), /SCMP_ARCH_ARM, and this machine is/);
  assert.throws(() => read({ ...profile(), architectures: ['SCMP_ARCH_X86_64'], archMap: map }), /use either/);
});

test('one name of old, arguments, what each answers', () => {
  const [first, ...others] = read(
    profile(
      { name: 'personality', action: 'SCMP_ACT_ERRNO', errnoRet: 5, args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
      {
        names: ['socket'],
        action: 'SCMP_ACT_ALLOW',
        args: [
          { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
          { index: 0, value: 2, op: 'SCMP_CMP_EQ' },
        ],
      },
    ),
  )!.syscalls;
  assert.equal(first, {
    names: ['personality'],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: 5,
    args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }],
  });
  assert.equal(
    others.map(({ args }) => args!.map(({ value }) => value)),
    [[1], [2]],
    'two conditions on one argument are two rules',
  );
  for (const action of ['KILL', 'KILL_PROCESS', 'KILL_THREAD', 'LOG', 'TRACE', 'TRAP'])
    compileSeccomp(read({ defaultAction: `SCMP_ACT_${action}` })!, 'x64');
});

const wrong: [string, unknown, RegExp][] = [
  ['no JSON', '{', /it is no JSON/],
  ['a list', '[]', /the profile is not an object/],
  ['nothing', 'null', /the profile is not an object/],
  ['no action', { syscalls: [] }, /defaultAction is ""/],
  ['an unknown action', { defaultAction: 'SCMP_ACT_NOTIFY' }, /SCMP_ACT_NOTIFY/],
  ['an action of Object', { defaultAction: 'toString' }, /toString/],
  ['an unknown action of a rule', profile({ names: ['mount'], action: 'ALLOW' }), /the action of mount is "ALLOW"/],
  ['both kinds of names', profile(rule({ name: 'mount' })), /'name' and 'names' were specified/],
  ['names that are no strings', profile(rule({ names: [1] })), /names is not a list of strings/],
  ['rules that are no list', { defaultAction: 'SCMP_ACT_ALLOW', syscalls: {} }, /syscalls is not a list/],
  ['a rule that is no object', profile('mount' as never), /a rule of syscalls is not an object/],
  ['a seventh argument', profile(rule({ args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] })), /no argument 6/],
  [
    'a number that JSON cannot hold',
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}',
    /not a whole number/,
  ],
  ['a kernel that is none', profile(rule({ includes: { minKernel: 'new' } })), /minKernel "new"/],
];
for (const [what, given, message] of wrong)
  test(`refused: ${what}`, () => {
    assert.throws(
      () => read(given),
      (error: Error) => message.test(error.message) && error.message.startsWith('Decoding seccomp profile failed: '),
    );
  });

test.run();
