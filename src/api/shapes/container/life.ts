import type { LifeOptions } from '../../../container/options/life.ts';

/** The part of `HostConfig` that says which names a container knows, and who was told its id. */
export function lifeConfig({ cidFile, extraHosts, dns, dnsSearch, dnsOptions }: LifeOptions) {
  return {
    ContainerIDFile: cidFile ?? '',
    ExtraHosts: extraHosts ?? null,
    Dns: dns ?? [],
    DnsOptions: dnsOptions ?? [],
    DnsSearch: dnsSearch ?? [],
  };
}
