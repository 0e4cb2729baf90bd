import { MinidockError } from '../../errors.ts';
import { type HttpRequest, readBody, send } from '../http/http.ts';
import type { Credentials } from './credential-helper.ts';

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

interface Context {
  credentials?: Credentials;
  /** The wanted right: `repository:app:pull,push`. */
  scope?: string;
  request: HttpRequest;
}

/**
 * The `Authorization` header that answers a registry's 401, or undefined where we cannot answer it.
 *
 * Bearer is the distribution project's token flow: the registry names a token server, which is asked for a token of the
 * given scope, with our credentials or anonymously.
 */
export async function answerChallenge(header: string, context: Context): Promise<string | undefined> {
  const challenges = parseChallenges(header);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) return `Bearer ${(await fetchToken(bearer.parameters, context)).token}`;
  const hasBasic = challenges.some(({ scheme }) => scheme === 'basic');
  return hasBasic && context.credentials !== undefined ? basic(context.credentials) : undefined;
}

export function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Asks a token server. `offline` also asks for a refresh token, to be kept in place of the password.
 *
 * @throws {MinidockError} `unauthorized`, `authentication-failed`
 */
export async function fetchToken(
  { realm, service, scope: offered }: Record<string, string>,
  { credentials, scope, request }: Context,
  offline = false,
): Promise<{ token: string; refreshToken?: string }> {
  const { host } = request.url;
  if (realm === undefined || !URL.canParse(realm)) throw failed(host, `realm ${JSON.stringify(realm)} is no URL`);
  const url = new URL(realm);
  const encrypted = url.protocol === 'https:';
  if (!encrypted && !(url.protocol === 'http:' && request.insecure)) {
    throw failed(host, `its token server ${url.host} is not reached over https`);
  }
  const query: [string, string][] = [
    ...(service === undefined ? [] : [['service', service] as [string, string]]),
    ...scopes(offered, scope).map(wanted => ['scope', wanted] as [string, string]),
  ];
  const answer = await send({ ...request, ...tokenRequest(url, query, credentials, offline) });
  const body = await readBody(answer, 1 << 20);
  if ([400, 401, 403].includes(answer.status)) {
    const who = credentials ? `user ${JSON.stringify(credentials.username)}` : 'anonymous access';
    throw new MinidockError('unauthorized', `unauthorized: ${url.host} refuses ${who}`, {
      fix: `minidock login ${host}`,
    });
  }
  if (answer.status !== 200) throw failed(host, `its token server ${url.host} answers ${answer.status}`);
  const token = tokenIn(body, 'token', 'access_token');
  if (token === undefined) throw failed(host, `its token server ${url.host} sends no token`);
  return { token, refreshToken: tokenIn(body, 'refresh_token') };
}

/** A refresh token is exchanged by POST (RFC 6749, 6); credentials ask by GET, and end up in no access log. */
function tokenRequest(
  url: URL,
  query: [string, string][],
  credentials: Credentials | undefined,
  offline: boolean,
): Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'> {
  const { identityToken, username } = credentials ?? {};
  if (identityToken !== undefined) {
    const form = [
      ...query,
      ['grant_type', 'refresh_token'],
      ['client_id', 'minidock'],
      ['refresh_token', identityToken],
    ];
    const body = Buffer.from(new URLSearchParams(form as [string, string][]).toString());
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
    };
    return { url, method: 'POST', headers, body };
  }
  const asked = new URL(url);
  for (const [name, value] of query) asked.searchParams.append(name, value);
  if (username !== undefined) asked.searchParams.set('account', username);
  if (offline) {
    asked.searchParams.set('client_id', 'minidock');
    asked.searchParams.set('offline_token', 'true');
  }
  const headers: Record<string, string> = credentials === undefined ? {} : { authorization: basic(credentials) };
  return { url: asked, method: 'GET', headers, body: undefined };
}

/** The scopes that the registry demands and those needed later, each resource once. */
function scopes(offered: string | undefined, wanted: string | undefined): string[] {
  const resourceOf = (scope: string) => scope.slice(0, scope.lastIndexOf(':'));
  const needed = (offered ?? '').split(' ').filter(Boolean);
  if (wanted === undefined) return needed;
  const own = needed.find(scope => resourceOf(scope) === resourceOf(wanted));
  const actions = (scope = '') =>
    scope
      .slice(scope.lastIndexOf(':') + 1)
      .split(',')
      .filter(Boolean);
  const all = [...new Set([...actions(wanted), ...actions(own)])].join(',');
  return [`${resourceOf(wanted)}:${all}`, ...needed.filter(scope => scope !== own)];
}

function tokenIn(body: Buffer, ...names: string[]): string | undefined {
  try {
    const answer = JSON.parse(body.toString()) as Record<string, unknown>;
    const value = names.map(name => answer[name]).find(Boolean);
    return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function failed(host: string, reason: string): MinidockError {
  return new MinidockError('authentication-failed', `cannot authenticate to ${host}: ${reason}`);
}
