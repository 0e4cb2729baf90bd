import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Options } from 'execa';
import { busyboxImage } from '../../scripts/images/busybox.ts';
import { archive, type Member } from './archive.ts';
import { temporaryFolder } from './cleanup.ts';
import { type Sandbox, sandbox } from './minidock.ts';
import { prepare } from './prepared.ts';
import { findProgram } from './requires.ts';

/** An engine of its own with the image `bb`: busybox, CMD `sh`. */
export interface BusyboxEngine extends Sandbox {
  /** `run --rm --network none FLAGS bb sh -c SCRIPT`; its output. Throws unless it exits with 0. */
  sh(script: string, ...flags: string[]): Promise<string>;
  /** Starts `bb` in the background with this script, without a network unless the flags say so; its id. */
  start(script: string, ...flags: string[]): Promise<string>;
  /** `exec CONTAINER sh -c SCRIPT`; its output. Throws unless it exits with 0. */
  inside(container: string, script: string): Promise<string>;
  /** An image of busybox and, after it, these members: for what no honest image holds. */
  build(name: string, members: Member[], changes?: string[], options?: Options): Promise<void>;
  /** `rm -f` of all that a failed test left, so that the next one begins anew. */
  removeAll(): Promise<void>;
  /** `inspect --format`. */
  inspect(name: string, format: string): Promise<string>;
}

export async function busyboxEngine(config: Record<string, unknown> = {}): Promise<BusyboxEngine> {
  const box = sandbox(config);
  await prepare('bb', box.root, async () => {
    await box.ok(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb']);
  });
  const quiet = (flags: string[]) => (flags.includes('--network') ? flags : ['--network', 'none', ...flags]);
  return {
    ...box,
    sh: (script, ...flags) => box.ok(['run', '--rm', ...quiet(flags), 'bb', 'sh', '-c', script]),
    start: (script, ...flags) => box.ok(['run', '-d', ...quiet(flags), 'bb', 'sh', '-c', script]),
    inside: (container, script) => box.ok(['exec', container, 'sh', '-c', script]),
    inspect: (name, format) => box.ok(['inspect', '--format', format, name]),
    removeAll: async () => {
      const ids = containersOf(box);
      if (ids.length === 0) return;
      const { exitCode, stderr } = await box.minidock(['rm', '-f', ...ids]);
      // One of --rm may have gone by itself meanwhile.
      if (exitCode !== 0 && containersOf(box).some(id => ids.includes(id))) throw new Error(String(stderr));
    },
    build: async (name, members, changes = []) => {
      const input = await archive([...programs(), ...members]);
      await box.ok(['import', ...changes.flatMap(change => ['-c', change]), '-', name], { input, stdin: 'pipe' });
    },
  };
}

/** Ids, as they stand on disk: after each test of many, where a command would take a tenth of the test's time. */
export function containersOf({ root }: Sandbox): string[] {
  const folder = join(root, 'containers');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter(id => /^[0-9a-f]{64}$/.test(id) && existsSync(join(folder, id, 'container.json')));
}

/** Busybox with the applets that attacks are written in. */
function programs(): Member[] {
  const applets = 'sh cat ls echo id mount stat true sleep ps readlink touch rm ln mkdir grep test wc head'.split(' ');
  const content = readFileSync(findProgram('busybox')!);
  return [
    { name: 'bin', type: 'directory' },
    { name: 'bin/busybox', content, mode: 0o755 },
    ...applets.map((name): Member => ({ name: `bin/${name}`, type: 'link', linkname: 'bin/busybox' })),
  ];
}

/** An empty folder of the host to share with containers; removed at the end. */
export const sharedFolder = () => temporaryFolder('shared');
