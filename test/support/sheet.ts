import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import * as assert from 'uvu/assert';
import { codeBlocks } from '../../src/workshop/text/markdown.ts';

/** What a reader is told to type and a test types for them: the blocks of a Markdown file that are marked `sh run`. */
export function runBlocks(file: string): string[] {
  return codeBlocks(readFileSync(file, 'utf8'))
    .filter(({ info }) => info === 'sh run')
    .map(({ content }) => content);
}

/**
 * Executes one block with `bash -e`. What stands behind `# →` must be in its output, in that order; host name and mounts of the
 * host must be as before.
 */
export function runBlock(content: string, cwd: string, env: NodeJS.ProcessEnv = {}): void {
  const before = hostState();
  const { status, stdout } = spawnSync('bash', ['-e', '-c', `exec 2>&1\n${content}`], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
    env: { ...process.env, LC_ALL: 'C', ...env },
  });
  assert.is(status, 0, stdout);
  let rest = stdout;
  for (const [, expected] of content.matchAll(/# → (.*)$/gm)) {
    const found = rest.indexOf(expected!.trimEnd());
    assert.ok(found >= 0, `"${expected}" is not in: ${rest}`);
    rest = rest.slice(found + expected!.trimEnd().length);
  }
  assert.equal(hostState(), before, 'the host is as it was');
}

const hostState = () => ({ hostname: hostname(), mounts: readFileSync('/proc/self/mountinfo', 'utf8') });
