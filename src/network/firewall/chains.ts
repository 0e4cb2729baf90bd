import { defaultBridge } from '../network.ts';

/** The chains of one bridge. All are its own but `forward` and `user`, which the bridges of all engines share. */
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

/** Names of at most 28 characters, the kernel's limit: a bridge has 15 at most. */
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
