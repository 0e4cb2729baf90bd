import { defaultBridge } from '../network.ts';

/** The chains of one bridge. All belong to it alone but `forward` and `user`, which the bridges of all engines share. */
export interface Chains {
  readonly raw: string;
  readonly internal: string;
  readonly dnat: string;
  readonly snat: string;
  readonly incoming: string;
  readonly outgoing: string;
  readonly names: string;
  readonly forward: string;
  readonly user: string;
}

/** Names have at most 28 characters, the kernel's limit; a bridge's has at most 15. */
export function chainsOf(bridge: string): Chains {
  const prefix = bridge === defaultBridge ? 'MINIDOCK' : `MINIDOCK-${bridge}`;
  return {
    raw: prefix,
    internal: prefix,
    dnat: prefix,
    snat: `${prefix}-NAT`,
    incoming: `${prefix}-IN`,
    outgoing: `${prefix}-OUT`,
    names: `${prefix}-DNS`,
    forward: 'MINIDOCK-FORWARD',
    user: 'MINIDOCK-USER',
  };
}
