import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe, marksOf, tierOf } from './files.ts';

test('a tier is named by the first word of a file or a folder below test/', () => {
  const tiers = {
    'src/network/ports.test.ts': 'unit',
    'src/engine/proof-x.test.ts': 'unit',
    'scripts/setup/packages.test.ts': 'unit',
    'test/runner/files.test.ts': 'unit',
    'test/network-ports.test.ts': 'kernel',
    'test/waterproof.test.ts': 'kernel',
    'test/supervisor.test.ts': 'kernel',
    'lessons/lessons.test.ts': 'course',
    'labs/labs.test.ts': 'course',
    'test/exercise-commands.test.ts': 'course',
    'test/proof-strace.test.ts': 'proof',
    'test/registry-pull.test.ts': 'registry',
    'test/parity-registry.test.ts': 'parity',
    'test/project-runner.test.ts': 'project',
    'test/proof/strace.test.ts': 'proof',
    'test/parity-save.test.ts': 'parity',
    'test/crash-run.test.ts': 'crash',
    'test/vm-cgroup2.test.ts': 'vm',
    'labs/vm/boot.test.ts': 'vm',
    'test/browser-handbook.test.ts': 'browser',
  };
  for (const [path, tier] of Object.entries(tiers)) assert.is(tierOf(path), tier, path);
});

test('marks are lines of their own with a reason', () => {
  const source = `import x from 'y';
// @exclusive it counts the machine's processes
// @long it takes a minute
/** @param x is no mark
 * @returns neither */
const a = '// @exclusive no';
`;
  assert.equal(marksOf('x', source), ['exclusive', 'long']);
  assert.equal(marksOf('x', ''), []);
});

test('what requires overlayfs mounts, unless it says that it does not', () => {
  const mounts = (path: string, source: string) => describe(path, source).mounts;
  assert.ok(mounts('test/x.test.ts', "const test = requires('root', 'overlayfs');"));
  assert.ok(mounts('test/proof-x.test.ts', "requires(\n  'root',\n  'overlayfs',\n)('x', () => {});"));
  assert.not.ok(mounts('test/x.test.ts', "const test = requires('root');\nconst word = 'overlayfs';"));
  assert.not.ok(mounts('test/crash-x.test.ts', "const test = requires('root', 'overlayfs');"));
  assert.not.ok(mounts('test/x.test.ts', "// @mounts-nothing it only reads\nconst test = requires('overlayfs');"));
});

test('a mark that is unknown, or without a reason, is an error that names the file', () => {
  assert.throws(
    () => marksOf('test/x.test.ts', '// @alone it is big\n'),
    /^test\/x\.test\.ts: "\/\/ @alone it is big": the marks are @own-process, @exclusive, @own-network, @long, @mounts-nothing, @both-mounts, @linux-3.10$/,
  );
  assert.throws(
    () => marksOf('test/x.test.ts', '// @exclusive\n'),
    /^test\/x\.test\.ts: "\/\/ @exclusive" needs its reason on the same line$/,
  );
});

test.run();
