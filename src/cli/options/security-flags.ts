import type { SecurityOptions } from '../../container/options/security.ts';
import { type FlagTable, toggle, type Values } from '../grammar/flags.ts';

/** The flags that say what a container may do. */
export const securityFlags = {
  'read-only': toggle('Make the root file system read-only; volumes can be written to'),
} satisfies FlagTable;

export function toSecurityOptions(flags: Values<typeof securityFlags>): SecurityOptions {
  return { ...(flags['read-only'] && { readonlyRootfs: true }) };
}
