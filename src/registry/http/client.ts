import { MinidockError } from '../../errors.ts';
import { answerChallenge } from '../auth/auth.ts';
import type { Credentials } from '../auth/credential-helper.ts';
import { findCredentials } from '../auth/credentials.ts';
import type { RegistrySettings } from '../daemon-config.ts';
import type { Endpoint } from '../endpoints.ts';
import { answerError, isRetried, retryAfterMs } from './errors.ts';
import { type HttpAnswer, type HttpRequest, isTransient, readBody, send } from './http.ts';
import { certificateFolders } from './trust.ts';

export interface ClientOptions extends RegistrySettings {
  /** Docker's config.json. */
  dockerConfig?: string;
  /** Whom the registry is asked as, in place of what that file says: `none` is nobody. Mirrors do not see them. */
  credentials?: Credentials | 'none';
  signal?: AbortSignal;
  /** Pause before the first retry; doubled each time. */
  retryDelayMs?: number;
  idleTimeoutMs?: number;
}

export interface ClientRequest extends Pick<HttpRequest, 'headers' | 'body' | 'idleTimeoutMs'> {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Its own abort, where it is not the client's. */
  signal?: AbortSignal;
}

const attempts = 5;
/** A rate limit that lasts longer than this is an error, not a pause. */
const longestPauseMs = 20_000;

/** Speaks the OCI distribution API for one repository at one endpoint. */
export class RegistryClient {
  readonly endpoint: Endpoint;
  readonly repository: string;
  readonly #options: ClientOptions;
  readonly #scope: string;
  #authorization: string | undefined;

  /** An empty repository stands for the registry itself: `_catalog`, logging in. */
  constructor(endpoint: Endpoint, repository: string, options: ClientOptions, actions: 'pull' | 'pull,push' = 'pull') {
    this.endpoint = endpoint;
    this.repository = repository;
    this.#options = options;
    this.#scope = repository === '' ? 'registry:catalog:*' : `repository:${repository}:${actions}`;
  }

  /**
   * GETs `/v2/<repository>/<path>` once; resolves to an answer with a 2xx status, its body unread. Authenticates where
   * asked to. Throws `AnswerError` for any other status and the connection's own error where there was no answer.
   */
  get(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<HttpAnswer> {
    return this.request(this.url(path), { headers, signal });
  }

  url(path: string): URL {
    return new URL([`${this.endpoint.base}/v2`, this.repository, path].filter(Boolean).join('/'));
  }

  /** As `get`, for any method and for URLs that the registry named. `Authorization` is for the registry itself only. */
  async request(url: URL, request: ClientRequest = {}): Promise<HttpAnswer> {
    if (url.protocol === 'http:' && this.endpoint.base.startsWith('https:') && !this.endpoint.insecure) {
      throw new MinidockError('bad-redirect', `${this.endpoint.base} leads to ${url.origin}, which is not followed`, {
        fix: 'the registry stands behind a proxy that must set X-Forwarded-Proto: https',
      });
    }
    const answer = await this.#authorized(url, { ...request, signal: request.signal ?? this.#options.signal });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw await answerError(answer, url);
  }

  /** Repeats what failed in a way that may pass, with growing pauses or those that the registry asks for. */
  async retry<T>(action: () => Promise<T>, signal = this.#options.signal): Promise<T> {
    const { retryDelayMs = 500 } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        signal?.throwIfAborted();
        const pause = retryAfterMs(error) ?? retryDelayMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
        if (attempt === attempts || pause > longestPauseMs || !(isTransient(error) || isRetried(error))) throw error;
        await sleep(pause, signal);
      }
    }
  }

  async #authorized(url: URL, asked: ClientRequest): Promise<HttpAnswer> {
    const { idleTimeoutMs, daemonConfig } = this.#options;
    const { headers = {}, ...rest } = asked;
    const request: HttpRequest = {
      idleTimeoutMs,
      ...rest,
      url,
      insecure: this.endpoint.insecure,
      certificates: certificateFolders(daemonConfig),
    };
    const isOurs = url.origin === new URL(this.endpoint.base).origin;
    const withAuthorization = () =>
      this.#authorization === undefined || !isOurs ? headers : { ...headers, authorization: this.#authorization };
    const first = await send({ ...request, headers: withAuthorization() });
    const challenge = first.headers['www-authenticate'];
    if (first.status !== 401 || challenge === undefined || !isOurs) return first;
    await readBody(first, 1 << 20);
    // An expired token is answered with a fresh challenge: one more round, not a loop.
    const { method: _, body: __, idleTimeoutMs: ___, ...asking } = request;
    const credentials = await this.#credentials(url);
    this.#authorization = await answerChallenge(challenge, { credentials, scope: this.#scope, request: asking });
    return this.#authorization === undefined
      ? first401(this.endpoint)
      : send({ ...request, headers: withAuthorization() });
  }

  /** Credentials travel encrypted, or to a registry that the user declared insecure. */
  async #credentials(url: URL): Promise<Credentials | undefined> {
    if (url.protocol === 'http:' && !this.endpoint.insecure) return undefined;
    const { credentials } = this.#options;
    if (credentials !== undefined) return credentials === 'none' || this.endpoint.mirror ? undefined : credentials;
    return findCredentials(this.endpoint.credentialHost, this.#options.dockerConfig);
  }
}

function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function first401(endpoint: Endpoint): never {
  throw new MinidockError('unauthorized', 'no basic auth credentials', {
    fix: `minidock login ${endpoint.credentialHost}`,
  });
}
