// @mounts-nothing what it mounts is in mount namespaces of its own
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { Workbench } from '../src/workshop/exercise/evaluate/box.ts';
import { readLearnersFile } from '../src/workshop/exercise/evaluate/bundle.ts';
import { examine, type Verdict } from '../src/workshop/exercise/examine.ts';
import { filesOf, loadExercise } from '../src/workshop/exercise/files.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { requires } from './support/requires.ts';

/**
 * Answers that no learner means: each fails, is told why in a line, and neither outlives the check nor changes anything on
 * the machine.
 */
const test = requires('root', 'overlayfs');

let bench: Workbench;
test.before(() => {
  bench = new Workbench({ patience: 4000, cpuSeconds: 1 });
});
test.after(() => bench.close());

async function answer(text: string, id = '03-uts-namespace', place = bench): Promise<Verdict> {
  return examine(await loadExercise(id), text, filesOf(id).exercise, place);
}

function wordsOf({ findings, error }: Verdict): string {
  const failed = findings.filter(finding => !finding.ok);
  return [...failed.flatMap(({ what, hint }) => [what.en, hint.en]), error?.place, error?.message].join('\n');
}

/** Processes and groups of this process's checks. */
function leftovers(): string[] {
  const groups = bench.cgroups.layout.hierarchies.flatMap(({ mountpoint }) => {
    const folder = path.join(mountpoint, bench.parent);
    return fs.existsSync(folder) ? fs.readdirSync(folder).filter(name => name.startsWith('box')) : [];
  });
  return [...groups, ...bench.cgroups.pids(bench.parent).map(String), ...fs.readdirSync(bench.scratch)];
}

const piece = (body: string) => `import fs from 'node:fs';
import { spawn } from 'node:child_process';
import { call } from '../../src/syscalls/calls.ts';
import { bytes, str } from '../../src/syscalls/data.ts';
export const utsNamespace = (hostname: string) => {
  ${body}
};`;

/** The code reports what it got by throwing it. */
const tell = (expression: string) => piece(`throw new Error(String(${expression}));`);

const hostile: Record<string, [text: string, told: RegExp]> = {
  'loops for ever': [piece('for (;;);'), /utsNamespace does not come to an end/],
  'loops for ever when it is loaded': ['for (;;);\nexport const utsNamespace = () => [];', /does not come to an end/],
  'waits for ever': [
    piece('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'),
    /utsNamespace does not come to an end/,
  ],
  'ends early': ['process.exit(0);', /ended its process \(status 0\)/],
  'ends in the middle': [piece('process.exit(3);'), /ended its process \(status 3\)/],
  aborts: [piece('process.abort();'), /ended its process/],
  'kills all it can reach': [
    piece("process.kill(-1, 'SIGKILL'); process.kill(1, 'SIGKILL'); process.kill(process.pid, 'SIGKILL');"),
    /ended its process|ESRCH|EPERM/,
  ],
  'takes all memory': [piece('const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));'), /more and more memory/],
  'takes all memory of its heap': [
    // Where collecting garbage takes long the limit of time is reached first.
    piece('const all: unknown[] = []; for (;;) all.push({ all });'),
    /more and more memory|does not come to an end/,
  ],
  'forks without an end': [
    piece("for (let i = 0; i < 200; i++) spawn(process.execPath, ['/exercise.mjs']); for (;;);"),
    /does not come to an end|EAGAIN|ended its process/,
  ],
  'prints without an end': [piece("for (;;) fs.writeSync(1, 'x'.repeat(1 << 16));"), /prints without an end/],
  'answers without an end': [piece("for (;;) fs.writeSync(9, 'x'.repeat(1 << 16));"), /ended its process|EPIPE/],
  'answers in place of the checker': [
    `import fs from 'node:fs';
fs.writeSync(9, JSON.stringify({ kind: 'passed', passed: true, findings: [] }) + '\\n');
export const utsNamespace = () => [];`,
    /ended its process/,
  ],
  'answers before it is asked': [
    `import fs from 'node:fs';
fs.writeSync(9, JSON.stringify({ kind: 'loaded', exports: ['utsNamespace'] }) + '\\n');
fs.writeSync(9, JSON.stringify({ kind: 'value', value: '{"slots":[],"data":[],"value":["list"]}' }) + '\\n');
process.exit(0);`,
    /returned no step/,
  ],
  'a prototype in its answer': [
    piece('return [JSON.parse(\'{"op": "sync", "__proto__": {"polluted": true}}\')];'),
    /a record with __proto__/,
  ],
  'a prototype on the wire': [
    `import fs from 'node:fs';
fs.writeSync(9, JSON.stringify({ kind: 'loaded', exports: ['utsNamespace'] }) + '\\n');
const value = '{"slots":[],"data":[],"value":["list",["record",["__proto__",["record",["polluted",true]]]]]}';
fs.writeSync(9, JSON.stringify({ kind: 'value', value }) + '\\n');
process.exit(0);`,
    /a record with __proto__/,
  ],
  'an address of its own': [
    piece("return [call('sethostname', [0x400000, 64], { why: { en: '', zh: '' } })];"),
    /a number where an address belongs/,
  ],
  'more bytes than there are': [
    piece("return [call('sethostname', [str('x'), 64], { why: { en: '', zh: '' } })];"),
    /has 2 bytes, and the kernel is told of 64/,
  ],
  'a call that is not on the list': [
    piece("return [call('reboot', [0xfee1dead, 672274793, 0x1234567], { why: { en: '', zh: '' } })];"),
    /needs no other calls than sethostname/,
  ],
  'a call that does not exist': [
    piece("return [{ op: 'syscall', name: 'constructor', args: [], why: '' } as never];"),
    /needs no other calls than sethostname/,
  ],
  'a step that does not exist': [
    piece("return [{ op: 'eval', why: '' } as never];"),
    /steps of kind "eval" do not exist/,
  ],
  'a megabyte of data': [
    piece("return [call('sethostname', [bytes(new Uint8Array(1 << 20), ''), 1], { why: { en: '', zh: '' } })];"),
    /bytes of data/,
  ],
  'a promise': ['export const utsNamespace = async () => [];', /not async/],
  'the engine’s own piece': [
    "import { pieces } from '../../src/engine/compile/pieces.ts';\nexport const utsNamespace = pieces.utsNamespace;",
    /exercise\.ts:1:\d+\n.*cannot be imported here/,
  ],
  'a file of the host, imported': [
    "import hosts from '/etc/hosts';\nexport const utsNamespace = () => hosts;",
    /cannot be imported here/,
  ],
  'a file of the host, imported late': [
    "const { default: hosts } = await import(['', 'etc', 'hosts'].join('/'));\nexport const utsNamespace = () => hosts;",
    /Cannot find module|ERR_MODULE|Error|ended its process/,
  ],
  'reads a secret': [tell("fs.readFileSync('/etc/shadow')"), /ENOENT/],
  'looks around': [tell("fs.readdirSync('/').sort().join()"), /Error: (\.\w+,)?exercise\.mjs,(lib,|lib64,|node|usr)/],
  writes: [
    tell(
      "['/x', '/exercise.mjs', 'x'].map(file => { try { fs.writeFileSync(file, ''); return 'written'; } catch (error) { return (error as { code: string }).code; } })",
    ),
    /Error: (EROFS|EACCES|EPERM),(EROFS|EACCES|EPERM),(EROFS|EACCES|EPERM)/,
  ],
  'has rights': [tell("[process.getuid!(), process.getgroups!()].join(' ')"), /Error: 1\d{9} (1\d{9})?/],
  'asks the network': [
    `import os from 'node:os';\nexport const utsNamespace = () => { throw new Error(JSON.stringify(Object.keys(os.networkInterfaces()))); };`,
    /Error: \[\]/,
  ],
  'sees the environment': [tell('Object.keys(process.env).sort()'), /Error: LC_ALL$/m],
};

for (const [name, [text, told]] of Object.entries(hostile))
  test(`${name}`, async () => {
    const verdict = await answer(text);
    assert.not(verdict.passed);
    assert.match(wordsOf(verdict), told);
    assert.is(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(leftovers(), []);
  });

test('a loop is named as one where its processor time is up before the checker’s patience', async () => {
  const patient = new Workbench({ patience: 60_000, cpuSeconds: 1 });
  try {
    const verdict = await answer(piece('for (;;);'), undefined, patient);
    assert.match(wordsOf(verdict), /utsNamespace does not come to an end/);
  } finally {
    await patient.close();
  }
});

test('what Node says of a full heap is not what the learner’s code printed', async () => {
  const { printed } = await answer(piece('const all: unknown[] = []; for (;;) all.push({ all });'));
  assert.is(printed, '');
});

test('a step of the checker’s that fails for what the learner’s left undone is not explained by its manual page', async () => {
  const verdict = await answer('export const pivotRoot = () => [];', '06-pivot-root');
  assert.not(verdict.passed);
  assert.match(wordsOf(verdict), /this step is not yours/);
});

test('what does not compile is a place, the reason and the line, and no stack', async () => {
  const { error } = await answer(piece('const = 1;'));
  assert.is(error?.place, 'lessons/03-uts-namespace/exercise.ts:6:9');
  assert.match(error?.message ?? '', /Expected identifier but found "="/);
  assert.match(error?.excerpt.join('\n') ?? '', /const = 1;\n +~/);
});

test('what throws is named by its place in the learner’s file', async () => {
  const { error } = await answer(piece('const nothing = undefined as never as { x: number };\n  return [nothing.x];'));
  assert.is(error?.place, 'lessons/03-uts-namespace/exercise.ts:7:19');
  assert.match(error?.message ?? '', /^TypeError: Cannot read properties of undefined/);
});

test('the learner’s own command has no rights over the machine, and does not outlive the check', async () => {
  const pattern = fs.readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  const name = os.hostname();
  const attack = [
    'echo "uid: $(id -u)"',
    'hostname owned; echo owned > /proc/sys/kernel/core_pattern; echo owned > /proc/sys/kernel/hostname',
    'mount -t proc proc /proc; mount -t tmpfs tmpfs /tmp; mkdir /made; echo > /shim',
    'for i in $(seq 500); do sleep 1000 & done',
    'dd if=/dev/zero of=/tmp/lesson/full bs=1M count=1000',
    "echo '-- ready --'",
    'sleep 1000',
  ].join('\n');
  const { passed, findings } = await answer(
    `import { call } from '../../src/syscalls/calls.ts';
import { str, strings } from '../../src/syscalls/data.ts';
export const execute = () => [call('execve', [str('/bin/sh'), strings(['sh', '-c', ${JSON.stringify(attack)}]), strings([])], { why: { en: '', zh: '' } })];`,
    '01-process',
  );
  assert.not(passed);
  assert.ok(findings.length > 0);
  assert.is(fs.readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), pattern);
  assert.is(os.hostname(), name);
  assert.equal(leftovers(), []);
});

test('the learner’s file is an ordinary one: no link, pipe or folder, and not a book', () => {
  const folder = temporaryFolder('exercise');
  const at = (name: string) => path.join(folder, name);
  fs.symlinkSync('/etc/shadow', at('link'));
  fs.mkdirSync(at('folder'));
  spawnSync('mkfifo', [at('pipe')]);
  fs.writeFileSync(at('book'), 'x'.repeat(200_000));
  const told = (name: string) => (readLearnersFile(at(name)) as { message: string }).message;
  assert.match(told('link'), /symbolic link/);
  assert.match(told('folder'), /no ordinary file/);
  assert.match(told('pipe'), /no ordinary file/);
  assert.match(told('book'), /200000 bytes/);
  assert.match(told('none'), /no such file/);
});

test.run();
