import { testRun } from '../support/cleanup.ts';
import { holdings, idsIn, mountsOf, newSince } from '../support/leaks.ts';
import type { FileResult } from './judge.ts';

export interface LeakWatch {
  /** Says which test file has an id, so that a leak is reported with its file. */
  nameOwner(id: string, file: string): void;
  /** What is there that was not when the watch began, as one more test. */
  check(): Promise<FileResult>;
}

/** Remembers what of ours the machine holds now, in its own mount namespace and in that of another process. */
export function watchLeaks(otherMounts?: number): LeakWatch {
  const look = () => {
    const all = holdings();
    if (otherMounts !== undefined) all.mounts.push(...mountsOf(otherMounts));
    return all;
  };
  const before = look();
  const files = new Map<string, string>();
  return {
    nameOwner: (id, file) => void files.set(id, file),
    check: async () => {
      const began = Date.now();
      // The kernel takes namespaces, veths and cgroups down a moment after the last process: ten seconds are allowed.
      let leaks: string[];
      do {
        leaks = newSince(before, look(), testRun.slice(0, 4));
        if (leaks.length > 0) await new Promise(resolve => setTimeout(resolve, 250));
      } while (leaks.length > 0 && Date.now() < began + 10_000);
      const owner = (leak: string) => {
        const named = idsIn(leak).flatMap(id => files.get(id) ?? []);
        return named.length > 0 ? ` (${[...new Set(named)].join(', ')})` : '';
      };
      return {
        file: 'nothing of ours is left on the machine',
        passed: leaks.length === 0 ? 1 : 0,
        failed: leaks.length === 0 ? 0 : 1,
        skipped: [],
        output: leaks.map(leak => `left behind: ${leak}${owner(leak)}`).join('\n'),
        milliseconds: Date.now() - began,
      };
    },
  };
}
