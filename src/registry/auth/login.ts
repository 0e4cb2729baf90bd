import { MinidockError } from '../../errors.ts';
import { readDaemonConfig } from '../daemon-config.ts';
import { type Endpoint, endpointsOf } from '../endpoints.ts';
import type { ClientOptions } from '../http/client.ts';
import { explainConnection } from '../http/errors.ts';
import { type HttpRequest, isConnectionFailure, readBody, send } from '../http/http.ts';
import { certificateFolders } from '../http/trust.ts';
import { basic, fetchToken, parseChallenges } from './auth.ts';
import type { Credentials } from './credential-helper.ts';
import { saveCredentials } from './credentials.ts';

/** `docker.io` for Docker Hub's several names; what people paste with a scheme or a path is cut to the host. */
export function registryHost(server: string | undefined): string {
  const host = (server ?? 'docker.io').replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  if (!/^(?:[A-Za-z0-9][\w.-]*|\[[\da-fA-F:]+\])(?::\d+)?$/.test(host)) {
    throw new MinidockError('invalid-reference', `${JSON.stringify(server)} is no HOST or HOST:PORT of a registry`);
  }
  return ['index.docker.io', 'registry-1.docker.io', 'hub.docker.com'].includes(host) ? 'docker.io' : host;
}

/**
 * Tries credentials against a registry and keeps them: a refresh token in place of the password where the token server
 * gives one. Resolves to whether they lie unencrypted in a file.
 *
 * @throws {MinidockError} `unauthorized`, `registry-unreachable`
 */
export async function login(host: string, credentials: Credentials, options: ClientOptions = {}): Promise<boolean> {
  return await saveCredentials(host, await checkLogin(host, credentials, options), options.dockerConfig);
}

/**
 * Tries credentials against a registry. Resolves to them as they should be kept.
 *
 * @throws {MinidockError} `unauthorized`, `registry-unreachable`
 */
export async function checkLogin(
  host: string,
  credentials: Credentials,
  options: ClientOptions = {},
): Promise<Credentials> {
  const config = readDaemonConfig(options);
  const endpoints = (await endpointsOf({ domain: host, path: '' }, config)).filter(({ mirror }) => !mirror);
  for (const [i, endpoint] of endpoints.entries()) {
    try {
      return await tryLogin(endpoint, credentials, options);
    } catch (error) {
      if (i === endpoints.length - 1 || !isConnectionFailure(error))
        throw explainConnection(error, `log in to ${host}`, host);
    }
  }
  throw new Error('no endpoint');
}

/** The credentials as they should be kept. */
async function tryLogin(endpoint: Endpoint, credentials: Credentials, options: ClientOptions): Promise<Credentials> {
  const url = new URL(`${endpoint.base}/v2/`);
  const { insecure } = endpoint;
  const certificates = certificateFolders(options.daemonConfig);
  const request: HttpRequest = { url, insecure, certificates, idleTimeoutMs: options.idleTimeoutMs };
  const first = await send(request);
  await readBody(first, 1 << 20);
  const challenges = parseChallenges(first.headers['www-authenticate'] ?? '');
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (first.status === 401 && bearer !== undefined) {
    const { refreshToken } = await fetchToken(bearer.parameters, { credentials, request }, true);
    return refreshToken === undefined ? credentials : { ...credentials, password: '', identityToken: refreshToken };
  }
  const answer =
    first.status === 401 ? await send({ ...request, headers: { authorization: basic(credentials) } }) : first;
  if (answer !== first) await readBody(answer, 1 << 20);
  if (answer.status === 200) return credentials;
  const status = `${answer.status}${answer.status === 401 ? ' Unauthorized' : ''}`;
  throw new MinidockError('unauthorized', `login attempt to ${url.href} failed with status: ${status}`, {
    fix: answer.status === 401 ? 'check the name and the password' : `is ${url.host} a registry?`,
  });
}
