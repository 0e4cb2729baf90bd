import type { BuildContext } from '../../../build/context/open.ts';
import { readExtraHost } from '../../../container/options/resolver.ts';
import type { BuildOptions } from '../../../engine/nouns/builder.ts';
import { MinidockError } from '../../../errors.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import type { ApiRequest, Route } from '../../server/route.ts';
import { empty, lines, value } from '../../server/route.ts';
import {
  buildMessages,
  builtMessages,
  checkOutputs,
  prunedCache,
  readBuildArguments,
  readBuildLimits,
  readBuildNetwork,
  readCacheSources,
  readLabels,
} from '../../shapes/build.ts';
import { failureShape, type Message, messageShape } from '../../shapes/message.ts';
import { reading } from '../../shapes/reading.ts';
import { registryConfig } from '../../shapes/registry-auth.ts';
import { untilIn } from '../../shapes/until.ts';
import { told } from '../told.ts';
import { receiveContext } from './context.ts';

/** Routes of the builder. A client that goes away ends its build. */
export const buildRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/build',
    async handle(request, { engine: { builder } }) {
      const { query, abort } = request;
      const options = optionsOf(request);
      const quiet = query.flag('q');
      const said: string[] = [];
      const context = await contextOf(request, text => void said.push(text));
      const { directory, dockerfile, ignore } = context;
      const source = told<Message>(async tell => {
        try {
          if (!quiet) for (const stream of said) tell({ stream });
          const built = await builder.build(
            {
              ...options,
              dockerfile,
              ...(directory !== undefined && { context: directory }),
              ...(ignore !== undefined && { ignore }),
              abort,
            },
            event => {
              if (!quiet) for (const message of buildMessages(event)) tell(message);
            },
          );
          for (const message of quiet ? [{ stream: `${built.id}\n` }] : builtMessages(built)) tell(message);
        } finally {
          context.close();
        }
      });
      return lines(source, messageShape, { failure: failureOf });
    },
  },
  {
    method: 'POST',
    path: '/build/prune',
    async handle({ query }, { engine: { builder } }) {
      // Both mean: not used for so long.
      const filters = query.filters(['until', 'unused-for']);
      const times = [...(filters.get('until') ?? []), ...(filters.get('unused-for') ?? [])];
      const until = untilIn(new Map([['until', times]]));
      const options = { all: query.flag('all'), until, keepBytes: query.number('keep-storage') ?? 0 };
      return value(await builder.prune(options), prunedCache);
    },
  },
  {
    // Of BuildKit's builds, which have ids: there is none.
    method: 'POST',
    path: '/build/cancel',
    handle({ query }) {
      if (query.text('id') === '') throw new MinidockError('invalid-argument', 'build ID not provided');
      return empty(200);
    },
  },
];

/** What the client sends, or what `remote` names: a repository of git, or a URL of a Dockerfile or an archive, fetched here. */
async function contextOf({ query, body, abort }: ApiRequest, say: (text: string) => void): Promise<BuildContext> {
  const [remote, file] = [query.text('remote'), query.text('dockerfile')];
  if (remote === '') return await receiveContext(body, file);
  const { contextAt } = await import('../../../build/context/remote.ts');
  return await contextAt(remote, file === '' ? undefined : file, abort, say);
}

/** A command that failed has a code of its own. */
function failureOf({ message }: MinidockError) {
  const code = /returned a non-zero code: (\d+)/.exec(message)?.[1];
  return failureShape(message, code === undefined ? undefined : Number(code));
}

/** @throws {MinidockError} of kind `usage` for what this builder does not do */
function optionsOf({ query, headers }: ApiRequest): Omit<BuildOptions, 'dockerfile'> {
  const refuse = (message: string, fix: string) => new MinidockError('invalid-argument', message, { fix });
  const version = query.text('version');
  if (!['', '1', '2'].includes(version)) throw refuse(`invalid version ${JSON.stringify(version)}`, 'leave it out');
  if (version === '2') throw refuse('BuildKit is not served here', 'set DOCKER_BUILDKIT=0: the classic builder is');
  if (query.flag('squash')) throw refuse('squash is only supported with experimental mode', 'leave it out');
  checkOutputs(query.text('outputs'));
  const isolation = query.text('isolation');
  if (!/^(default)?$/i.test(isolation))
    throw refuse(`Unsupported isolation: ${JSON.stringify(isolation)}`, 'leave it out, or write default');
  const [target, platform] = [query.text('target'), query.text('platform')];
  return reading(() => ({
    tags: query.list('t').filter(Boolean),
    args: readBuildArguments(query.text('buildargs')),
    ...(target && { target }),
    noCache: query.flag('nocache'),
    cacheFrom: readCacheSources(query.text('cachefrom')),
    pull: query.flag('pull'),
    labels: readLabels(query.text('labels')),
    network: readBuildNetwork(query.text('networkmode')),
    extraHosts: query.list('extrahosts').flatMap(hostsOf).map(readExtraHost),
    ...(platform && { platform: parsePlatform(platform) }),
    secrets: {},
    limits: readBuildLimits(query),
    keepContainers: !(query.flag('forcerm') || query.flag('rm', true)),
    credentials: registryConfig(headers['x-registry-config']),
  }));
}

/** Docker's client sends a text for each host, others one list of them. */
const hostsOf = (text: string): string[] => (text === '' ? [] : text.split(','));
