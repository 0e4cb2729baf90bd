import { readFileSync } from 'node:fs';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script that a shell reads to complete minidock's command lines. In a bundle the folder is beside it. */
export function completionScript(shell: Shell): string {
  return readFileSync(new URL(`./scripts/minidock.${shell}`, import.meta.url), 'utf8');
}
