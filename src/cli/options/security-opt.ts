import { readFileSync } from 'node:fs';
import type { SecurityOptions } from '../../container/options/security.ts';
import { errnoOf } from '../../errors.ts';
import { many } from '../grammar/flags.ts';

/** The flag `--security-opt`. */
export const securityOpt = many(
  'list',
  readSecurityOption,
  'seccomp=FILE, seccomp=unconfined, no-new-privileges, systempaths=unconfined',
  { completes: ['no-new-privileges', 'seccomp=', 'seccomp=unconfined', 'systempaths=unconfined'] },
);

const unconfined = 'systempaths=unconfined';

export function toSecurityOpt(given: readonly string[]): Pick<SecurityOptions, 'securityOpt' | 'unconfinedPaths'> {
  const options = given.filter(option => option !== unconfined);
  return {
    ...(options.length > 0 && { securityOpt: options }),
    ...(given.includes(unconfined) && { unconfinedPaths: true }),
  };
}

/** With the profile in place of the name of its file, as Docker's client sends it. @throws {Error} in Docker's words */
function readSecurityOption(given: string): string {
  if (given === 'no-new-privileges') return given;
  const [, key, value] = /^([^=:]+)[=:](.*)$/s.exec(given) ?? [];
  if (key === undefined || value === '') throw new Error(`Invalid --security-opt: ${JSON.stringify(given)}`);
  if (key !== 'seccomp' || value === 'unconfined') return given;
  return `seccomp=${compact(value!)}`;
}

/** Larger files are no profiles; the largest known has 30 KB. */
const mostBytes = 1 << 20;

function compact(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reasons: Record<string, string> = { ENOENT: 'no such file or directory', EISDIR: 'is a directory' };
    const errno = errnoOf(error) ?? '';
    throw new Error(`opening seccomp profile (${file}) failed: ${reasons[errno] ?? errno}`);
  }
  if (text.length > mostBytes) throw new Error(`opening seccomp profile (${file}) failed: it is larger than 1 MiB`);
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s+/g, ' ').slice(0, 120);
    throw new Error(`compacting json for seccomp profile (${file}) failed: ${reason}`);
  }
}
