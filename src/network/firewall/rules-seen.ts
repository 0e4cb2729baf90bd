import fs from 'node:fs';
import { bootId } from '../../host/process.ts';
import { readIfPresent } from '../../state/files.ts';
import type { Network } from '../network.ts';

/**
 * The generation of nf_tables at which the rules of a network were seen to be right, with the boot and the network
 * namespace for which it holds: `networks/<bridge>/rules-seen`. If the kernel still has the same number, no rule was
 * changed since and the rules need not be read again. No clock is involved.
 *
 * Each change of our own increments the number here, as in the kernel. If one is not counted, because its process was
 * killed or two wrote at once, the stored number is one that the kernel never returns to, and the rules are read once more.
 */
type Place = Pick<Network, 'directory'>;

/** Whether no rule was changed since the rules of the network were last seen to be right. */
export function rulesAreAsSeen(network: Place, generation: number | undefined): boolean {
  return generation !== undefined && readIfPresent(fileOf(network)) === content(generation);
}

/** Remembers that the rules were right. `generation` was read before they were checked. */
export function rememberRules(network: Place, generation: number): void {
  // Written in place: after a write that was cut short the rules are merely checked once more, and no temporary file is left.
  fs.writeFileSync(fileOf(network), content(generation), { mode: 0o600 });
}

/**
 * Counts one change of our own, made by one iptables process in one table. Never fails, because removing rules must work on a
 * full disk.
 */
export function countOwnChange(network: Place): void {
  try {
    const seen = Number.parseInt(readIfPresent(fileOf(network)) ?? '', 10);
    if (rulesAreAsSeen(network, seen)) rememberRules(network, seen + 1);
  } catch {
    // The change is not counted; the rules are then read once more.
  }
}

/** For a bridge that is made anew: its network namespace may have the same number as one that is gone. */
export function forgetRules(network: Place): void {
  fs.rmSync(fileOf(network), { force: true });
}

function fileOf(network: Place): string {
  return `${network.directory}/rules-seen`;
}

function content(generation: number): string {
  return `${generation} ${bootId()} ${fs.readlinkSync('/proc/self/ns/net')}\n`;
}
