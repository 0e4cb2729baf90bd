import type { Context } from '../context.ts';
import type { Candidates } from '../grammar/flags.ts';
import type { Word } from './suggest.ts';

/** What the shell finds itself. */
export type ByShell = 'files' | 'directories';

/**
 * The words that the candidates stand for now, or what the shell itself has to find. `typed` is the part of the word
 * that was typed: where there are many candidates, as with ids, only those that begin with it are offered.
 *
 * @throws whatever the engine throws, without root say
 */
export async function lookUp(context: Context, wanted: Candidates, typed: string): Promise<readonly Word[] | ByShell> {
  switch (wanted) {
    case 'files':
    case 'directories':
      return wanted;
    case 'containers':
      return containers(context, typed, () => true);
    case 'running containers':
      return containers(context, typed, status => status === 'running');
    case 'stopped containers':
      return containers(context, typed, status => status !== 'running');
    case 'images':
      return images(context, typed);
    case 'containers and images':
      return [...(await containers(context, typed, () => true)), ...(await images(context, typed))];
    case 'networks':
      return networks(context);
    case 'network modes':
      return [...(await networks(context)), plain('container:')];
    case 'signals': {
      const { signals } = await import('../../syscalls/uapi/flags.ts');
      return Object.keys(signals).flatMap(name =>
        typed.startsWith('S') ? [plain(name)] : [plain(name.slice(3)), plain(name)],
      );
    }
    case 'variables':
      return Object.keys(context.env).map(name => plain(`${name}=`));
    case 'volume names':
      return (await volumeNames(context)).map(plain);
    case 'volumes':
      return volumes(context, typed);
    default:
      return wanted.map(plain);
  }
}

const plain = (text: string): Word => ({ text, about: '' });

async function containers(context: Context, typed: string, isWanted: (status: string) => boolean): Promise<Word[]> {
  const engine = await context.engine();
  const { containers } = await engine.containers.list({ all: true });
  return containers
    .filter(({ state }) => isWanted(state.status))
    .map(({ id, name, image, state }) => {
      const isById = /^[0-9a-f]+$/.test(typed) && !name.startsWith(typed) && id.startsWith(typed);
      return { text: isById ? id.slice(0, Math.max(12, typed.length)) : name, about: `${image}, ${state.status}` };
    });
}

async function images(context: Context, typed: string): Promise<Word[]> {
  const engine = await context.engine();
  const found = await engine.images.list();
  const byId = found.filter(({ id }) => /^[0-9a-f]+$/.test(typed) && id.startsWith(`sha256:${typed}`));
  const names = found.flatMap(({ repoTags }) => repoTags);
  return [
    // The short form, until more than that is typed.
    ...names.map(name => plain(typed.includes(':') ? name : name.replace(/:latest$/, ''))),
    ...byId.map(({ id, repoTags }) => ({
      text: id.slice(7, 7 + Math.max(12, typed.length)),
      about: repoTags[0] ?? '',
    })),
  ];
}

async function networks(context: Context): Promise<Word[]> {
  const engine = await context.engine();
  return (await engine.networks.list()).map(({ name, subnet = '' }) => ({ text: name, about: subnet }));
}

/** `-v`: a volume, or a path of the host. */
async function volumes(context: Context, typed: string): Promise<readonly Word[] | ByShell> {
  if (/^[/.~]/.test(typed)) return 'files';
  if (typed.includes(':')) return [];
  const names = await volumeNames(context);
  return names.filter(name => !/^[0-9a-f]{64}$/.test(name)).map(name => plain(`${name}:`));
}

async function volumeNames({ engine, host, settings }: Context): Promise<string[]> {
  if (host !== undefined) return (await (await engine()).volumes.list()).map(({ name }) => name);
  const [{ listIfPresent }, { enginePaths }] = await Promise.all([
    import('../../state/files.ts'),
    import('../../state/paths.ts'),
  ]);
  return listIfPresent(enginePaths(settings).volumes).filter(name => !name.startsWith('.'));
}
