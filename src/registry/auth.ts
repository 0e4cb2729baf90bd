import { MinidockError } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import { type HttpRequest, readBody, send } from './http.ts';

/** One challenge of a `WWW-Authenticate` header (RFC 7235): scheme in lower case, parameters by name. */
export interface Challenge {
  scheme: string;
  parameters: Record<string, string>;
}

/** Parses `Bearer realm="…",service="…",scope="…"`; several challenges may stand in one header. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  const token = /\s*,?\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/gy;
  for (let match = token.exec(header); match !== null; match = token.exec(header)) {
    const [, name, quoted, plain] = match as unknown as [string, string, string?, string?];
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else if (challenges.length > 0) challenges.at(-1)!.parameters[name.toLowerCase()] = value;
  }
  return challenges;
}

/**
 * The `Authorization` header that answers a registry's 401, or undefined where we have nothing to answer with.
 *
 * Bearer is the distribution project's token flow: the registry names a token server, which is asked for a token of the
 * given scope, with our credentials or anonymously.
 */
export async function answerChallenge(
  header: string,
  context: { credentials?: Credentials; scope: string; request: HttpRequest },
): Promise<string | undefined> {
  const challenges = parseChallenges(header);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) return `Bearer ${await fetchToken(bearer.parameters, context)}`;
  const hasBasic = challenges.some(({ scheme }) => scheme === 'basic');
  return hasBasic && context.credentials !== undefined ? basic(context.credentials) : undefined;
}

export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function fetchToken(
  { realm, service, scope: offered }: Record<string, string>,
  { credentials, scope, request }: { credentials?: Credentials; scope: string; request: HttpRequest },
): Promise<string> {
  const { host } = request.url;
  if (realm === undefined || !URL.canParse(realm)) throw failed(host, `realm ${JSON.stringify(realm)} is no URL`);
  const url = new URL(realm);
  const encrypted = url.protocol === 'https:';
  if (!encrypted && !(url.protocol === 'http:' && request.insecure)) {
    throw failed(host, `its token server ${url.host} is not reached over https`);
  }
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', offered ?? scope);
  const headers: Record<string, string> = credentials === undefined ? {} : { authorization: basic(credentials) };
  const answer = await send({ ...request, url, method: 'GET', headers });
  const body = await readBody(answer, 1 << 20);
  if (answer.status === 401 || answer.status === 403) {
    throw new MinidockError(
      'unauthorized',
      `unauthorized: ${url.host} refuses ${credentials ? `user ${JSON.stringify(credentials.username)}` : 'anonymous access'}`,
      {
        fix: `docker login ${host}`,
      },
    );
  }
  if (answer.status !== 200) throw failed(host, `its token server ${url.host} answers ${answer.status}`);
  const token = tokenIn(body);
  if (token === undefined) throw failed(host, `its token server ${url.host} sends no token`);
  return token;
}

function tokenIn(body: Buffer): string | undefined {
  try {
    const { token, access_token } = JSON.parse(body.toString()) as Record<string, unknown>;
    const value = token ?? access_token;
    return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function failed(host: string, reason: string): MinidockError {
  return new MinidockError('authentication-failed', `cannot authenticate to ${host}: ${reason}`);
}
