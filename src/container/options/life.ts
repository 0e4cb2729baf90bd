import type { Platform } from '../../oci/manifest.ts';

/** What a user asks for of how a container is known, how it ends, and which names it knows others by. */
export interface LifeOptions {
  /** Over those of the image. */
  labels?: Readonly<Record<string, string>>;
  /** As it was typed: `INT`, `SIGRTMIN+3`, `2`. */
  stopSignal?: string;
  /** Seconds between the stop signal and SIGKILL; a negative number is without end. */
  stopTimeout?: number;
  /** The file that the command line writes the id to. */
  cidFile?: string;
  /** The image has to be for this one. */
  platform?: Platform;
  /** `80/tcp`, besides those of the image. */
  exposed?: readonly string[];
  /** `NAME:ADDRESS`; the address `host-gateway` is that of the host on the bridge. */
  extraHosts?: readonly string[];
  /** Addresses of name servers, in place of the host's; likewise the domains that are searched, and the options. */
  dns?: readonly string[];
  dnsSearch?: readonly string[];
  dnsOptions?: readonly string[];
}
