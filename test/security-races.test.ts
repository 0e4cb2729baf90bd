import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { EngineContext } from '../src/engine/context.ts';
import { type BusyboxEngine, busyboxEngine, sharedFolder } from './support/busybox.ts';
import { canaryTree } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { OldKernel } from './support/old-kernel.ts';
import { findProgram, requires } from './support/requires.ts';
import { runWith } from './support/run-options.ts';

/**
 * One container swaps a folder and a link in a volume that it shares, another one is started meanwhile with a volume below
 * that folder (CVE-2021-30465, CVE-2019-19921). Whichever of the two the path leads to at that moment: nothing of the host
 * is touched, and a volume that was asked for read-only is read-only or the container does not start.
 */
const test = requires('root', 'busybox', 'overlayfs', 'gcc');
let box: BusyboxEngine;
let tools: string;

test.before(async () => {
  box = await busyboxEngine();
  tools = temporaryFolder('tools');
  writeFileSync(join(tools, 'swap.c'), swapper);
  const built = spawnSync('gcc', ['-O2', '-static', '-o', join(tools, 'swap'), join(tools, 'swap.c')], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(built.stderr);
  assert.ok(findProgram('gcc'));
});
test.after.each(() => box.removeAll());

/** swap A B COUNTER: exchanges two names for ever and writes down how often it has. */
const swapper = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv) {
	int fd = open(argv[3], O_CREAT | O_WRONLY, 0644);
	for (unsigned long n = 1; ; n++) {
		if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], 2)) return 1;
		if (n % 64 == 0) { char text[24]; pwrite(fd, text, sprintf(text, "%lu", n), 0); usleep(100); }
	}
}
`;

const targets = {
  'a path of the host': (canary: string) => `${canary}/private`,
  'a way up': (canary: string) => `${'../'.repeat(30)}${canary.slice(1)}/private`,
  '/proc': () => '/proc',
  '/proc/self/fd': () => '/proc/self/fd',
  '/etc': () => '/etc',
};

for (const [kernel, Parts] of [
  ['this kernel', EngineContext],
  ['3.10', OldKernel],
] as const)
  for (const [name, target] of Object.entries(targets))
    test(`${kernel}: a folder and a link to ${name} are swapped below a volume while another is mounted there`, async () => {
      const canary = canaryTree();
      const [shared, inner] = [sharedFolder(), sharedFolder()];
      mkdirSync(join(shared, 'a/deep'), { recursive: true });
      symlinkSync(target(canary.path), join(shared, 'b'));
      writeFileSync(join(inner, 'inner'), 'of the volume');
      const flags = ['-v', `${shared}:/s`, '-v', `${tools}:/tools:ro`];
      const attacker = await box.start('exec /tools/swap /s/a /s/b /s/count', ...flags);
      const script = `(echo broken > /s/a/deep/inner; echo broken > /s/b/deep/inner; echo broken > /s/a/inner; echo broken > /s/b/inner) 2>/dev/null
        head -c 1 /proc/kcore 2>/dev/null; for f in sysrq-trigger sys/kernel/core_pattern; do (: >> /proc/$f) 2>/dev/null && echo "opened $f"; done; true`;
      let started = 0;
      for (let round = 0; round < 8 || (started === 0 && round < 100); round++) {
        const { code, output, refusal } = await runWith(new Parts(box, box.bridge), {
          image: 'bb',
          network: 'none',
          command: ['sh', '-c', script],
          volumes: [
            { source: shared, destination: '/s', readonly: false },
            { source: inner, destination: round % 2 ? '/s/a' : '/s/a/deep', readonly: true },
          ],
        });
        if (code === 0) started++;
        else assert.is(code, 125, refusal ?? output);
        assert.is(output, '');
      }
      const swaps = Number(readFileSync(join(shared, 'count'), 'utf8'));
      await box.ok(['rm', '-f', attacker]);
      assert.ok(swaps >= 1000, `${swaps} swaps`);
      assert.ok(started > 0, 'the honest twin: some containers start');
      canary.check();
      assert.is(readFileSync(join(inner, 'inner'), 'utf8'), 'of the volume', 'read-only stayed read-only');
      assert.equal(readdirSync(inner), ['inner'], 'nothing was made in a volume that is read-only');
    });

test.run();
