import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { codeBlocks } from '../../src/workshop/text/markdown.ts';

/** What a reader is told to type and a test types for them: the blocks of a Markdown file that are marked `sh run`. */
export function runBlocks(file: string): string[] {
  return codeBlocks(readFileSync(file, 'utf8'))
    .filter(({ info }) => info === 'sh run')
    .map(({ content }) => content);
}

/**
 * A host for one block, in mount and UTS namespaces of its own, so that what others mount meanwhile is not taken for the
 * block's doing. `/` is shared, as systemd makes it: a mount that leaks would show. $1 is the block.
 */
const host = `mount --make-rshared /
state() { uname -n; cat /proc/self/mountinfo; }
before=$(state)
bash -e -c "exec 2>&1
$1"
code=$?
after=$(state)
if [ "$before" != "$after" ]; then
  printf 'the host is not as it was:\\n%s\\n---\\n%s\\n' "$before" "$after"
  exit 99
fi
exit $code`;

/**
 * Executes one block with `bash -e`. What stands behind `# →` must be in its output, in that order, where `…` is anything
 * within a line; host name and mounts of the host must be as before.
 */
export function runBlock(content: string, cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const command = ['--mount', '--uts', '--propagation', 'private', 'sh', '-c', host, 'sh', content];
  const { status, stdout } = spawnSync('unshare', command, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
    env: { ...process.env, LC_ALL: 'C', ...env },
  });
  assert.is(status, 0, stdout);
  assertSaid(content, stdout);
}

/** What stands behind `# →` in a block is in its output, in that order. */
export function assertSaid(content: string, output: string): void {
  let rest = output;
  for (const [, expected] of content.matchAll(/# → (.*)$/gm)) {
    const found = patternOf(expected!.trimEnd()).exec(rest);
    assert.ok(found, `"${expected}" is not in: ${rest}\nof: ${output}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

function patternOf(expected: string): RegExp {
  const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(expected.split('…').map(literal).join('.*'));
}
