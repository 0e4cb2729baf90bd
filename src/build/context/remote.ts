import { MinidockError } from '../../errors.ts';
import { send } from '../../registry/http/http.ts';
import { gitAddress } from '../git/address.ts';
import { contextOf, inFolder } from './archive.ts';
import type { BuildContext } from './open.ts';

/** The context at a URL: a git repository, or a file that is a Dockerfile or an archive. */
export async function contextAt(
  url: string,
  file: string | undefined,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<BuildContext> {
  const git = gitAddress(url, 'context');
  if (git !== undefined) {
    const { fetchRepository } = await import('../git/fetch.ts');
    say(`Fetching build context from ${git.remote}\n`);
    return await inFolder(
      git.remote,
      file,
      signal,
      async folder => (await fetchRepository(git, folder, { signal })).directory,
    );
  }
  const refuse = (reason: string) =>
    new MinidockError('cannot-download', `cannot get the build context from ${url}: ${reason}`);
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw refuse('it is no URL of http, https or git');
  say(`Downloading build context from ${url}\n`);
  const { status, body } = await send({ url: new URL(url), signal }).catch(error => {
    throw signal.aborted ? error : refuse((error as Error).message);
  });
  if (status === 200) return await contextOf(body, file, url, signal);
  body.destroy();
  throw refuse(`the server answered ${status}`);
}
