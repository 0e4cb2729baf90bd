import type { TestFile } from './files.ts';

/** `here` is this host as it is, `shared` one whose `/` is shared, `3.10` one with the syscalls of that kernel. */
export type Pass = 'here' | 'shared' | '3.10';

/**
 * Those of a run's passes that a file is for. What mounts runs once, where `/` is shared, if there is such a pass: only there
 * can a mount leak to where it is seen. What is marked `both-mounts` runs on the host as it is as well.
 */
export function passesFor(file: Pick<TestFile, 'mounts' | 'marks'>, passes: readonly Pass[]): Pass[] {
  const isOnce = file.mounts && passes.includes('shared') && !file.marks.includes('both-mounts');
  const wanted: Record<Pass, boolean> = {
    here: !isOnce,
    shared: file.mounts,
    '3.10': file.marks.includes('linux-3.10'),
  };
  return passes.filter(pass => wanted[pass]);
}
