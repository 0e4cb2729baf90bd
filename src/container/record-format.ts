import path from 'node:path';
import type { NetworkAttachment, NetworkMode } from '../network/attachment.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { type ContainerRecord, recordFormat } from './record.ts';

/** An unreadable record. The message is the end of a sentence that begins with the record's file. */
export class UnreadableRecord extends Error {}

/** Reads a record; one of an earlier format is converted to today's. Throws `UnreadableRecord`. */
export function parseRecord(text: string, id: string): ContainerRecord {
  let record: Partial<ContainerRecord> | null;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new UnreadableRecord(text === '' ? 'is empty' : 'is no JSON', { cause: error });
  }
  const parts = ['options', 'config', 'mounts', 'layers', 'args', 'state', 'network'] as const;
  const texts = ['name', 'created', 'image', 'imageId', 'path'] as const;
  if (record?.id !== id) throw new UnreadableRecord('is not the record of this container');
  const missing =
    parts.find(key => typeof record[key] !== 'object' || record[key] === null) ??
    texts.find(key => typeof record[key] !== 'string');
  if (missing !== undefined) throw new UnreadableRecord(`has no ${JSON.stringify(missing)}`);
  const format: unknown = record.format ?? 0;
  if (format === recordFormat) return record as ContainerRecord;
  if (format === 0) return fromFormat0(record as Format0);
  if (format === 1) return fromFormat1(record as Format1);
  throw new UnreadableRecord(
    `has format ${JSON.stringify(format)}, and this minidock knows none above ${recordFormat}`,
  );
}

/**
 * Records from before formats had numbers: layers were directories; volumes did not always say whether they are
 * anonymous (an anonymous one has 64 hex digits for a name and is not on the command line); `detach` meant that no
 * stream was attached.
 */
function fromFormat0(old: Format0): ContainerRecord {
  const { detach = false, ...options } = old.options as ContainerRecord['options'] & { detach?: boolean };
  return fromFormat1({
    ...old,
    options: {
      ...options,
      attach: { stdin: options.interactive && !detach, stdout: !detach, stderr: !detach },
    },
    layers: old.layers.map(layer => (isDigest(layer) ? layer : chainIdOf(layer))),
    mounts: old.mounts.map(mount =>
      mount.type === 'volume' && mount.anonymous === undefined
        ? { ...mount, anonymous: isHexName(mount.name) && !old.options.volumes?.some(one => one.source === mount.name) }
        : mount,
    ),
  });
}

type Format0 = Omit<Format1, 'layers'> & { layers: string[] };
type Format1 = Omit<ContainerRecord, 'network'> & { network: Network1 };

/** The network of format 1, which knew the bridge alone. The address is there once the container had one. */
interface Network1 {
  mode: NetworkMode;
  ipAddress?: string;
  prefixLength?: number;
  gateway?: string;
  macAddress?: string;
  hostInterface?: string;
  ports: NetworkAttachment['ports'];
}

/** Records from before users could make networks. Where the container still runs, its bridge and endpoint get no name here. */
function fromFormat1({ network, ...old }: Format1): ContainerRecord {
  const { mode, ports, ipAddress, ...wire } = network;
  const named = { endpointId: '', bridge: '', interface: 'eth0' };
  const cable = ipAddress === undefined ? {} : { ...named, ...wire, address: ipAddress };
  const endpoints = mode === 'bridge' ? [{ network: 'bridge', ...cable }] : [];
  return { ...old, format: recordFormat, network: { mode, endpoints, ports } };
}

/** `…/layers/<hex of the chain ID>/diff` */
const chainIdOf = (directory: string): Digest => `sha256:${path.basename(path.dirname(directory))}`;

const isHexName = (name = '') => /^[0-9a-f]{64}$/.test(name);
