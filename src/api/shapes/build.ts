import type { BuildEvent } from '../../build/events.ts';
import { MinidockError } from '../../errors.ts';
import { decodeJson } from '../go/decode.ts';
import { map, pointer, string, stringMap, strings, struct, uint64 } from '../go/types.ts';
import { type Value, value } from '../go/values.ts';
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

/** `networkmode` of a query. @throws {MinidockError} `invalid-argument` */
export function readBuildNetwork(given: string): 'bridge' | 'none' | 'host' {
  if (given === '' || given === 'default' || given === 'bridge') return 'bridge';
  if (given === 'none' || given === 'host') return given;
  throw new MinidockError(
    'invalid-argument',
    `network ${given} cannot be used by a build: it is default, none or host`,
  );
}

const pruned = struct('types.BuildCachePruneReport', { CachesDeleted: strings, SpaceReclaimed: uint64 });

/** Its steps have no names, and which bytes were theirs alone nobody counted. */
export const prunedCache = (): Value => value(pruned, { CachesDeleted: null, SpaceReclaimed: 0 });
