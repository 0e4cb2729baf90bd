import fs from 'node:fs';
import type { NetworkEndpoint } from '../../../network/attachment.ts';

/**
 * Takes away what there is of the cables of a container that has ended: where its network namespace lives on with another
 * container, or the kernel has not yet cleared it away. Mostly there is nothing, and this is one access(2) each.
 */
export async function removeCables(endpoints: readonly Pick<NetworkEndpoint, 'hostInterface'>[]): Promise<void> {
  for (const { hostInterface } of endpoints) {
    if (hostInterface === undefined || !isThere(hostInterface)) continue;
    const { deleteProgram, runProgram } = await import('../../../network/bridge-program.ts');
    await runProgram(deleteProgram(hostInterface)).catch(error => {
      // The kernel was quicker.
      if (isThere(hostInterface)) throw error;
    });
  }
}

const isThere = (name: string): boolean => fs.existsSync(`/proc/sys/net/ipv4/conf/${name}`);
