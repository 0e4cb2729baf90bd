import type { BuildEvent } from '../../build/events.ts';
import type { BuildOptions } from '../../engine/nouns/builder.ts';
import { decodeJson } from '../go/decode.ts';
import { map, pointer, slice, string, stringMap, strings, struct, uint64 } from '../go/types.ts';
import { type Value, value } from '../go/values.ts';
import type { ResourcesBody } from './container/create/body.ts';
import { resourcesOf } from './container/create/resources.ts';
import { securityOf } from './container/create/rights.ts';
import { ulimit } from './container/host-config.ts';
import { pullMessage } from './image/progress.ts';
import type { Message } from './message.ts';

/** What a build tells, in the words of Docker's classic builder; nothing of what that does not tell. */
export function buildMessages(event: BuildEvent): Message[] {
  switch (event.kind) {
    case 'step':
      return [{ stream: `Step ${event.number}/${event.total} : ${event.text}` }, newline];
    case 'triggers':
      return [{ stream: `# Executing ${event.count} build trigger${event.count === 1 ? '' : 's'}` }, newline];
    case 'cached':
      return [{ stream: ' ---> Using cache\n' }];
    case 'running':
      return [{ stream: ` ---> Running in ${event.container}\n` }];
    case 'removed':
      return [{ stream: `Removing intermediate container ${event.container}\n` }];
    case 'done':
      return [{ stream: ` ---> ${event.image}\n` }];
    case 'output':
      return [{ stream: event.chunk.toString() }];
    case 'warning':
      return [{ stream: `[Warning] ${event.message}\n` }];
    case 'pull':
      return [pullMessage(event.event)];
    case 'missed':
    case 'made':
    case 'syscall':
    case 'executed':
    case 'failed':
    case 'stage-done':
      return [];
  }
}

const newline: Message = { stream: '\n' };

/** What it tells at its end. */
export const builtMessages = (built: {
  id: string;
  names: readonly string[];
  unused: readonly string[];
}): Message[] => [
  ...(built.unused.length > 0
    ? [{ stream: `[Warning] One or more build-args [${built.unused.join(' ')}] were not consumed\n` }]
    : []),
  { aux: { ID: built.id } },
  { stream: `Successfully built ${built.id.slice(7, 19)}\n` },
  ...built.names.map(name => ({ stream: `Successfully tagged ${name}\n` })),
];

/** `buildargs` of a query: a value that is null is asked of nobody. @throws {MinidockError} `invalid-argument` */
export function readBuildArguments(json: string): Readonly<Record<string, string | undefined>> {
  if (json === '') return {};
  const found = decodeJson<Record<string, string | null> | undefined>(map(pointer(string)), json) ?? {};
  return Object.fromEntries(Object.entries(found).map(([name, one]) => [name, one ?? undefined]));
}

/** `labels` of a query. @throws {MinidockError} `invalid-argument` */
export const readLabels = (json: string): Readonly<Record<string, string>> =>
  json === '' ? {} : (decodeJson<Record<string, string> | undefined>(stringMap, json) ?? {});

const output = struct('types.ImageBuildOutput', { Type: string, Attrs: stringMap });

/** `outputs` of a query, which the classic builder does not read further. @throws {MinidockError} `invalid-argument` */
export function checkOutputs(json: string): void {
  if (json !== '') decodeJson(slice(output), json);
}

/** `cachefrom` of a query. @throws {MinidockError} `invalid-argument` */
export const readCacheSources = (json: string): readonly string[] =>
  json === '' ? [] : (decodeJson<readonly string[] | undefined>(strings, json) ?? []);

/** What of a query limits the containers of RUN. */
interface BuildQuery {
  text(name: string): string;
  list(name: string): readonly string[];
  number(name: string): number | undefined;
}

/** @throws {MinidockError} `invalid-argument` */
export function readBuildLimits(query: BuildQuery): BuildOptions['limits'] {
  const ulimits = query.text('ulimits');
  return {
    ...resourcesOf({
      Memory: query.number('memory'),
      MemorySwap: query.number('memswap'),
      CpuShares: query.number('cpushares'),
      CpuPeriod: query.number('cpuperiod'),
      CpuQuota: query.number('cpuquota'),
      CpusetCpus: query.text('cpusetcpus'),
      CpusetMems: query.text('cpusetmems'),
      CgroupParent: query.text('cgroupparent'),
      ShmSize: query.number('shmsize'),
      Ulimits: ulimits === '' ? null : decodeJson<ResourcesBody['Ulimits']>(slice(pointer(ulimit)), ulimits),
    }),
    ...securityOf({ SecurityOpt: query.list('securityopt') }),
  };
}

/** `networkmode` of a query. */
export const readBuildNetwork = (given: string): string => (given === '' || given === 'default' ? 'bridge' : given);

const pruned = struct('types.BuildCachePruneReport', { CachesDeleted: strings, SpaceReclaimed: uint64 });

export const prunedCache = ({ ids, bytes }: { ids: readonly string[]; bytes: number }): Value =>
  value(pruned, { CachesDeleted: ids.length > 0 ? [...ids] : null, SpaceReclaimed: bytes });
