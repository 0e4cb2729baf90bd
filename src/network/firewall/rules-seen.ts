import fs from 'node:fs';
import path from 'node:path';
import { bootId } from '../../host/process.ts';
import { readIfPresent } from '../../state/files.ts';
import type { Network } from '../network.ts';

/**
 * The generation of nf_tables at which the rules of a network were seen to be right, with the boot and the network
 * namespace for which it holds: `networks/<bridge>/rules-seen`. Who finds the kernel at the same number need not look at the
 * rules again: nobody has changed any since. No clock has a say.
 *
 * Each change of our own counts the number up as the kernel does. One that is not counted, since its process was killed or
 * two wrote at once, leaves a number that the kernel never comes back to: the rules are looked at once more.
 */
type Place = Pick<Network, 'directory'>;

/** Whether the rules are as they were seen. */
export function rulesAreAsSeen(network: Place, generation: number | undefined): boolean {
  return generation !== undefined && readIfPresent(fileOf(network)) === content(generation);
}

/** The rules were right, and the generation was this before they were looked at. */
export function rememberRules(network: Place, generation: number): void {
  // Not by rename: of a write that is cut short only the look at the rules comes back, and nothing is left beside the file.
  fs.writeFileSync(fileOf(network), content(generation), { mode: 0o600 });
}

/** One change of ours was made, by one process of iptables in one table. Never fails: removing must not need space. */
export function countOwnChange(network: Place): void {
  try {
    const seen = Number.parseInt(readIfPresent(fileOf(network)) ?? '', 10);
    if (rulesAreAsSeen(network, seen)) rememberRules(network, seen + 1);
  } catch {
    // Not counted.
  }
}

/** For a bridge that is made: its namespace may bear the number of one that is gone. */
export function forgetRules(network: Place): void {
  fs.rmSync(fileOf(network), { force: true });
}

function fileOf(network: Place): string {
  return path.join(network.directory, 'rules-seen');
}

function content(generation: number): string {
  return `${generation} ${bootId()} ${fs.readlinkSync('/proc/self/ns/net')}\n`;
}
