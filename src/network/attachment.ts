import type { PortMapping } from './ports/ports.ts';

/** A container's connection to its network while it runs. */
export interface NetworkAttachment {
  mode: 'bridge' | 'host' | 'none';
  ipAddress?: string;
  prefixLength?: number;
  gateway?: string;
  macAddress?: string;
  /** Host end of the veth pair. */
  hostInterface?: string;
  ports: Required<PortMapping>[];
}
