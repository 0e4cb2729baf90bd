import { MinidockError } from '../errors.ts';
import { isTag } from '../oci/reference.ts';
import type { RegistryClient } from './http/client.ts';
import { type HttpAnswer, readBody } from './http/http.ts';

const maxPageSize = 4 << 20;
/** A registry whose pages never end is not followed for ever. */
const maxPages = 1000;

/** All tags of the client's repository, page by page (distribution-spec, "Listing Tags"). */
export async function listTags(client: RegistryClient): Promise<string[]> {
  const tags = await listNames(client, 'tags/list', 'tags');
  return tags.filter(isTag);
}

/** Names of all repositories (distribution's `_catalog`; not every registry has it). */
export function listRepositories(client: RegistryClient): Promise<string[]> {
  return listNames(client, '_catalog', 'repositories');
}

async function listNames(client: RegistryClient, path: string, key: string): Promise<string[]> {
  const names: string[] = [];
  let url = client.url(path);
  for (let page = 0; page < maxPages; page++) {
    const { answer, content } = await client.retry(async () => {
      const answer = await client.request(url);
      return { answer, content: await readBody(answer, maxPageSize) };
    });
    names.push(...namesIn(content, key, url));
    const next = nextPage(answer, url);
    if (next === undefined) return names;
    url = next;
  }
  throw new MinidockError('registry-error', `${url.host} lists ${key} without end`);
}

function namesIn(content: Buffer, key: string, url: URL): string[] {
  let names: unknown;
  try {
    names = (JSON.parse(content.toString()) as Record<string, unknown> | null)?.[key];
  } catch {
    names = undefined;
  }
  // Distribution says null where there are none.
  if (names === null) return [];
  if (Array.isArray(names) && names.every(name => typeof name === 'string')) return names;
  const what = /^\s*</.test(content.toString()) ? 'an HTML page' : `something else than a list of ${key}`;
  throw new MinidockError('registry-error', `${url.host} answers with ${what}: is it a registry?`);
}

/** `Link: <…>; rel="next"` (RFC 8288), on the same server only. */
function nextPage({ headers }: HttpAnswer, url: URL): URL | undefined {
  const [, target] = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(headers.link ?? '')) ?? [];
  if (target === undefined || !URL.canParse(target, url.href)) return undefined;
  const next = new URL(target, url);
  return next.origin === url.origin && next.href !== url.href ? next : undefined;
}
