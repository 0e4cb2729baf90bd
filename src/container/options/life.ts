import type { Platform } from '../../oci/manifest.ts';

/** Options about a container's labels, its end, and the names by which it knows others. */
export interface LifeOptions {
  /** They override those of the image. */
  labels?: Readonly<Record<string, string>>;
  /** As it was typed: `INT`, `SIGRTMIN+3`, `2`. */
  stopSignal?: string;
  /** Seconds between the stop signal and SIGKILL; a negative number is without end. */
  stopTimeout?: number;
  /** The file that the command line writes the id to. */
  cidFile?: string;
  /** The platform that the image must be for. */
  platform?: Platform;
  /** `80/tcp`, in addition to those of the image. */
  exposed?: readonly string[];
  /** `NAME:ADDRESS`; the address `host-gateway` is that of the host on the bridge. */
  extraHosts?: readonly string[];
  /**
   * Addresses of name servers, in place of the host's. `dnsSearch` and `dnsOptions` likewise replace the host's search domains
   * and options.
   */
  dns?: readonly string[];
  dnsSearch?: readonly string[];
  dnsOptions?: readonly string[];
}
