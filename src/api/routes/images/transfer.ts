import { MinidockError } from '../../../errors.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import { familiar, parseName } from '../../../oci/reference.ts';
import type { ApiRequest, Served } from '../../server/route.ts';
import { bytes, lines, type Route } from '../../server/route.ts';
import { named } from '../../shapes/image/named.ts';
import { loadMessage, pulledMessage, pullMessage, pushMessages } from '../../shapes/image/progress.ts';
import { failureShape, type Message, messageShape } from '../../shapes/message.ts';
import { reading } from '../../shapes/reading.ts';
import { registryAuth } from '../../shapes/registry-auth.ts';
import { told } from '../told.ts';
import { importSource } from './import-source.ts';

type Tell = (line: Message) => void;

/** A stream of progress whose end may be a failure. */
const progress = (run: (tell: Tell) => Promise<unknown>) =>
  lines(told<Message>(run), messageShape, { failure: ({ message }) => failureShape(message) });

/** Routes by which images come and go. */
export const transferRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/images/create',
    handle: (request, served) =>
      request.query.text('fromImage') === '' ? importImage(request, served) : pull(request, served),
  },
  {
    method: 'POST',
    path: '/images/load',
    handle: ({ body, abort, query }, { engine: { images } }) =>
      progress(tell => {
        const quiet = query.flag('quiet', true);
        return images.load(body, {
          onProgress: event => {
            if (event.kind !== 'layer' || !quiet) tell(loadMessage(event));
          },
          abort,
        });
      }),
  },
  {
    method: 'POST',
    path: '/images/{name:.*}/push',
    handle({ params, query, headers, abort }, { engine: { images } }) {
      const credentials = registryAuth(headers['x-registry-auth'], { required: true });
      const tag = query.text('tag');
      const name = params.name! + (tag && `:${tag}`);
      const allTags = parseName(name).tag === undefined;
      const onProgress = (tell: Tell): Parameters<typeof images.push>[1]['onProgress'] => {
        return event => pushMessages(event).forEach(tell);
      };
      return progress(tell => images.push(name, { onProgress: onProgress(tell), allTags, abort, credentials }));
    },
  },
  {
    method: 'GET',
    path: '/images/get',
    handle: (request, served) => save(request, served, request.query.list('names')),
  },
  {
    method: 'GET',
    path: '/images/{name:.*}/get',
    handle: (request, served) => save(request, served, [request.params.name!]),
  },
];

function pull({ query, headers, abort }: ApiRequest, { engine: { images } }: Served) {
  const [image, tag] = [query.text('fromImage'), query.text('tag')];
  const name = tag === '' ? image : `${image}${tag.includes(':') ? '@' : ':'}${tag}`;
  const parsed = parseName(name);
  const allTags = parsed.tag === undefined && parsed.digest === undefined;
  const platform = query.text('platform');
  const options = {
    allTags,
    abort,
    credentials: registryAuth(headers['x-registry-auth']),
    ...(platform && { platform: reading(() => parsePlatform(platform)) }),
  };
  return progress(async tell => {
    const results = await images.pull(name, { ...options, onProgress: event => tell(pullMessage(event)) });
    tell(pulledMessage(results, familiar(parsed)));
  });
}

/** `fromSrc`: `-` is the body, else it is a URL. */
function importImage({ query, body, abort }: ApiRequest, { engine: { images } }: Served) {
  const [from, repository, tag] = ['fromSrc', 'repo', 'tag'].map(name => query.text(name)) as [string, string, string];
  if (from === '') throw new MinidockError('invalid-argument', 'neither fromImage nor fromSrc is given');
  const platform = query.text('platform');
  const options = {
    ...(repository && { reference: named(repository, tag) }),
    ...(query.text('message') && { message: query.text('message') }),
    changes: query.list('changes'),
    ...(platform && { platform: reading(() => parsePlatform(platform)) }),
    ...(from !== '-' && { from }),
    abort,
  };
  return progress(async tell => {
    const source = from === '-' ? body : await importSource(from, abort);
    const { id } = await images.import(source, options);
    tell({ status: id });
  });
}

function save({ abort }: ApiRequest, { engine: { images } }: Served, names: readonly string[]) {
  if (names.length === 0)
    throw new MinidockError('invalid-argument', 'no image is named', { fix: 'name one or more: ?names=IMAGE' });
  return bytes(
    written(write => images.save(names, write, abort)),
    { 'Content-Type': 'application/x-tar' },
  );
}

/** What a writer writes, as fast as it is read. */
async function* written(run: (write: (chunk: Buffer) => Promise<void>) => Promise<void>): AsyncGenerator<Buffer> {
  let take: ((chunk: Buffer | undefined) => void) | undefined;
  let next = new Promise<Buffer | undefined>(resolve => (take = resolve));
  let taken = () => {};
  const end = run(
    chunk =>
      new Promise<void>(resolve => {
        taken = resolve;
        take!(chunk);
      }),
  );
  end.then(
    () => take!(undefined),
    () => take!(undefined),
  );
  for (;;) {
    const chunk = await next;
    if (chunk === undefined) break;
    yield chunk;
    next = new Promise(resolve => (take = resolve));
    taken();
  }
  await end;
}
