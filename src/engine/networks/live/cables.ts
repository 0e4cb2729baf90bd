import fs from 'node:fs';
import type { NetworkEndpoint } from '../../../network/attachment.ts';

/**
 * Removes the veth pairs of a container that has ended, where they are left: its network namespace lives on with another
 * container, or the kernel has not torn it down yet. Mostly there is nothing, at the price of one access(2) for each.
 */
export async function removeCables(endpoints: readonly Pick<NetworkEndpoint, 'hostInterface'>[]): Promise<void> {
  for (const { hostInterface } of endpoints) {
    if (hostInterface === undefined || !isThere(hostInterface)) continue;
    const { deleteProgram, runProgram } = await import('../../../network/bridge-program.ts');
    await runProgram(deleteProgram(hostInterface)).catch(error => {
      // The kernel removed it with the namespace meanwhile.
      if (isThere(hostInterface)) throw error;
    });
  }
}

const isThere = (name: string): boolean => fs.existsSync(`/proc/sys/net/ipv4/conf/${name}`);
