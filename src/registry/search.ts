import { MinidockError } from '../errors.ts';
import { readDaemonConfig } from './daemon-config.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { type ClientOptions, RegistryClient } from './http/client.ts';
import { AnswerError, explainConnection } from './http/errors.ts';
import { isConnectionFailure, readBody, send } from './http/http.ts';
import { certificateFolders } from './http/trust.ts';
import { listRepositories } from './tags.ts';

export interface Found {
  name: string;
  description: string;
  stars: number;
  official: boolean;
  automated: boolean;
}

export interface SearchOptions extends ClientOptions {
  /** 1 to 100. */
  limit?: number;
  /** Where Docker Hub's search is. */
  hub?: string;
}

const hubSearch = 'https://index.docker.io';

/**
 * Searches Docker Hub; `HOST[:PORT]/term` that registry, whose catalog is looked through where it cannot search, as only a few
 * can. Best first.
 */
export async function search(term: string, options: SearchOptions = {}): Promise<Found[]> {
  const { limit = 25, hub = hubSearch } = options;
  const [, host, rest] = /^([^/]+)\/(.*)$/.exec(term) ?? [];
  if (host === undefined || !(/[.:]/.test(host) || host === 'localhost')) {
    const base = { base: hub, credentialHost: 'docker.io', mirror: false, insecure: false };
    const found = await attempt(() => searchIndex(base, term.replace(/^docker\.io\//, ''), limit, options), term, hub);
    if (found !== undefined) return found;
    throw new MinidockError('registry-error', `${new URL(hub).host} answers with no list of images`);
  }
  const config = readDaemonConfig(options);
  const endpoints = await endpointsOf({ domain: host, path: '' }, config);
  for (const [i, endpoint] of endpoints.entries()) {
    try {
      return (
        (await searchIndex(endpoint, rest!, limit, options)) ?? (await searchCatalog(endpoint, rest!, limit, options))
      );
    } catch (error) {
      if (i === endpoints.length - 1 || !isConnectionFailure(error)) throw explainSearch(error, term, host);
    }
  }
  throw new Error('no endpoint');
}

async function attempt<T>(action: () => Promise<T>, term: string, url: string): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw explainSearch(error, term, new URL(url).host);
  }
}

function explainSearch(error: unknown, term: string, host: string): unknown {
  const isRefused = error instanceof AnswerError && [401, 403].includes(error.status);
  if (!isRefused) return explainConnection(error, `search for ${JSON.stringify(term)}`, host);
  return new MinidockError('access-denied', `${host} does not let you list its repositories`, {
    cause: error,
    fix: `minidock login ${host}`,
  });
}

/** `/v1/search`, the one part of the old API that lives on. Undefined where there is none. */
async function searchIndex(
  { base, insecure }: Endpoint,
  term: string,
  limit: number,
  { daemonConfig, signal, idleTimeoutMs }: ClientOptions,
): Promise<Found[] | undefined> {
  const url = new URL(`${base}/v1/search`);
  url.searchParams.set('q', term);
  url.searchParams.set('n', String(limit));
  const certificates = certificateFolders(daemonConfig);
  const answer = await send({ url, insecure, certificates, signal, idleTimeoutMs });
  const content = await readBody(answer, 4 << 20);
  if (answer.status !== 200) return undefined;
  try {
    const { results } = JSON.parse(content.toString()) as { results: Record<string, unknown>[] };
    return results.map(result => ({
      name: asText(result.name),
      description: asText(result.description),
      stars: Number(result.star_count ?? 0),
      official: result.is_official === true,
      automated: result.is_automated === true,
    }));
  } catch {
    return undefined;
  }
}

async function searchCatalog(
  endpoint: Endpoint,
  term: string,
  limit: number,
  options: ClientOptions,
): Promise<Found[]> {
  const names = await listRepositories(new RegistryClient(endpoint, '', options));
  return names
    .filter(name => name.includes(term))
    .slice(0, limit)
    .map(name => ({ name, description: '', stars: 0, official: false, automated: false }));
}

/** In one line. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').trim() : '';
}
