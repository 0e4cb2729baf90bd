import type { ContainerRecord } from '../../../container/record.ts';
import { predefinedOf } from '../../../engine/networks/predefined.ts';
import type { ContainerList } from '../../../engine/nouns/containers.ts';
import { printAround, printedAs } from '../../go/json.ts';
import {
  int64,
  key,
  map,
  omitEmpty,
  pointer,
  slice,
  string,
  stringMap,
  strings,
  struct,
  uint16,
} from '../../go/types.ts';
import { type Value, value } from '../../go/values.ts';
import { mountsOf, networksOf } from './inspect.ts';
import { portsOf } from './ports.ts';
import { shownCommand, statusName, statusOf } from './status.ts';
import { endpointSettings, mountPoint } from './types.ts';

const port = struct('types.Port', {
  IP: omitEmpty(string),
  PrivatePort: uint16,
  PublicPort: omitEmpty(uint16),
  Type: string,
});

/** What Docker's API, version 1.41, answers to GET /containers/json. */
export const containerSummary = struct('types.Container', {
  ID: key('Id', string),
  Names: strings,
  Image: string,
  ImageID: string,
  Command: string,
  Created: int64,
  Ports: slice(port),
  SizeRw: omitEmpty(int64),
  SizeRootFs: omitEmpty(int64),
  Labels: stringMap,
  State: string,
  Status: string,
  HostConfig: struct('struct { NetworkMode string }', { NetworkMode: omitEmpty(string) }),
  NetworkSettings: pointer(struct('types.SummaryNetworkSettings', { Networks: map(pointer(endpointSettings)) })),
  Mounts: slice(mountPoint),
});

/** Those of a list that are to be shown. */
export function summaries({ containers, sizes, networks }: ContainerList): Value {
  const now = Date.now();
  return value(
    slice(containerSummary),
    containers.map(record => {
      const size = sizes[record.id];
      if (size === undefined) return summaryAgain(record, now, networks);
      return { ...summaryOf(record, { now, networks }), ...sizeOf(size) };
    }),
  );
}

interface Shown {
  readonly status: string;
  readonly summary: object;
  readonly around: readonly [before: string, after: string];
}

/** A daemon lists the same records again and again: all that changes of one is how long ago things were. */
const shown = new WeakMap<ContainerRecord, Shown>();

function summaryAgain(record: ContainerRecord, now: number, networks: ContainerList['networks']): object {
  const status = statusOf(record, now);
  const before = shown.get(record);
  if (before?.status === status) return before.summary;
  const data = before ? { ...before.summary, Status: status } : summaryOf(record, { now, networks });
  const around = before?.around ?? printAround(containerSummary, data, 'Status');
  const summary = printedAs(containerSummary, data, around.join(JSON.stringify(status)));
  shown.set(record, { status, summary, around });
  return summary;
}

export function summaryOf(
  record: ContainerRecord,
  { now, networks }: { readonly now: number; readonly networks: ContainerList['networks'] },
) {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.image,
    ImageID: record.imageId,
    Command: shownCommand(record),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portsOf(record).map(({ hostIp, containerPort, hostPort, protocol }) => ({
      IP: hostIp,
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    })),
    Labels: record.config.Labels ?? {},
    State: statusName(record.state),
    Status: statusOf(record, now),
    HostConfig: { NetworkMode: record.options.network },
    NetworkSettings: { Networks: networksInList(record, networks) },
    Mounts: mountsOf(record),
  };
}

/** As in Docker a list tells no aliases. */
function networksInList(record: ContainerRecord, ids: ContainerList['networks']) {
  const networks = networksOf(record, ids && predefinedOf(record, name => ids[name]));
  return Object.fromEntries(Object.entries(networks).map(([name, one]) => [name, { ...one, Aliases: null }]));
}

const sizeOf = (size: ContainerList['sizes'][string]) => ({
  SizeRw: size.written,
  SizeRootFs: size.written + (size.image ?? 0),
});
