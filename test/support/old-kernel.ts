import { EngineContext } from '../../src/engine/context.ts';
import { type HostFacts, inheritedFds } from '../../src/host/facts.ts';

const none: HostFacts['features'] = {
  memfd: false,
  seccomp: false,
  nfTables: false,
  cgroupNamespace: false,
  ptyPeer: false,
  openTree: false,
  closeRange: false,
};

/** An engine that is told that this kernel lacks what came after Linux 3.10 (CentOS 7). */
export class OldKernel extends EngineContext {
  override get facts(): HostFacts {
    const facts = super.facts;
    return {
      ...facts,
      kernel: { release: '3.10.0-1160.el7.x86_64', version: [3, 10] },
      features: none,
      inheritedFds: inheritedFds(),
    };
  }
}
