import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type SyscallName, syscallNumber } from '../src/syscalls/uapi/numbers.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { checkout, requires } from './support/requires.ts';

const test = requires('gcc', 'make');
const native = join(checkout, 'native');

/** Builds a copy of native/ in a folder of its own; the shims by architecture. */
function builtElsewhere(name: string, ...args: string[]) {
  const folder = join(temporaryFolder('native'), name, 'native');
  cpSync(native, folder, { recursive: true });
  rmSync(join(folder, 'build'), { recursive: true, force: true });
  const make = () => spawnSync('make', ['-s', '-C', folder, ...args], { encoding: 'utf8' });
  return { folder, make, shim: (arch: string) => readFileSync(join(folder, 'build', arch, 'minidock-shim')) };
}

let made: ReturnType<typeof builtElsewhere>[] = [];
function pair() {
  if (made.length === 0) {
    made = ['one', 'a-folder-of-another-name'].map(name => builtElsewhere(name));
    for (const { make } of made) assert.is(make().status, 0);
  }
  return made as [(typeof made)[0], (typeof made)[0]];
}

for (const [arch, ...needs] of [[process.arch], ['arm64', 'x64', 'aarch64-linux-gnu-gcc']] as [string, ...string[]][])
  requires(
    'gcc',
    'make',
    ...needs,
  )(`the ${arch} shim has the same bytes wherever it is built`, () => {
    const [one, other] = pair();
    assert.ok(one.shim(arch).equals(other.shim(arch)));
    assert.ok(one.shim(arch).equals(readFileSync(join(native, 'build', arch, 'minidock-shim'))), "the checkout's");
    assert.ok(one.shim(arch).length < 24_000, `${one.shim(arch).length} bytes`);
  });

requires(
  'gcc',
  'make',
  'x64',
)('without a cross compiler it says so, and leaves no old shim to be packed', () => {
  const { make, shim, folder } = builtElsewhere('one', 'CC_arm64=no-such-compiler');
  mkdirSync(join(folder, 'build/arm64'), { recursive: true });
  writeFileSync(join(folder, 'build/arm64/minidock-shim'), 'of older sources');
  const first = make();
  assert.is(first.status, 0);
  assert.match(first.stderr, /^native: no shim for arm64: .* \(Debian: gcc-aarch64-linux-gnu\)/);
  assert.ok(shim('x64').length > 0);
  assert.throws(() => shim('arm64'), /ENOENT/);
});

test("the numbers of the shim's own calls are the kernel's", () => {
  const [, x64, arm64] = readFileSync(join(native, 'numbers.h'), 'utf8').split(/^#(?:el)?if /m);
  for (const [arch, part] of [
    ['x64', x64!],
    ['arm64', arm64!],
  ] as const) {
    const rows = [...part.matchAll(/\b__NR_(\w+) = (\d+)/g)];
    assert.ok(rows.length > 15, `${rows.length} numbers`);
    for (const [row, name, number] of rows) assert.is(Number(number), syscallNumber(name as SyscallName, arch), row);
  }
});

test.run();
