import { MinidockError } from '../errors.ts';
import { answerChallenge } from './auth.ts';
import { type Credentials, findCredentials } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { answerError, isRetried, retryAfterMs } from './errors.ts';
import { type HttpAnswer, isTransient, readBody, send } from './http.ts';

export interface ClientOptions {
  /** Docker's config.json. */
  dockerConfig?: string;
  signal?: AbortSignal;
  /** Pause before the first retry; doubled each time. */
  retryDelayMs?: number;
  idleTimeoutMs?: number;
}

const attempts = 5;
/** A rate limit that lasts longer than this is an error, not a pause. */
const longestPauseMs = 20_000;

/** Speaks the OCI distribution API for one repository at one endpoint. */
export class RegistryClient {
  readonly endpoint: Endpoint;
  readonly repository: string;
  readonly #options: ClientOptions;
  #authorization: string | undefined;

  constructor(endpoint: Endpoint, repository: string, options: ClientOptions) {
    this.endpoint = endpoint;
    this.repository = repository;
    this.#options = options;
  }

  /**
   * GETs `/v2/<repository>/<path>` once; resolves to an answer with a 2xx status, its body unread. Authenticates where
   * asked to. Throws `AnswerError` for any other status and the connection's own error where there was no answer.
   */
  async get(path: string, headers: Record<string, string> = {}, signal = this.#options.signal): Promise<HttpAnswer> {
    const url = new URL(`${this.endpoint.base}/v2/${this.repository}/${path}`);
    const answer = await this.#authorized(url, headers, signal);
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
        await new Promise(resolve => setTimeout(resolve, pause));
      }
    }
  }

  async #authorized(url: URL, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const { idleTimeoutMs } = this.#options;
    const request = { url, insecure: this.endpoint.insecure, signal, idleTimeoutMs };
    const withAuthorization = () =>
      this.#authorization === undefined ? headers : { ...headers, authorization: this.#authorization };
    const first = await send({ ...request, headers: withAuthorization() });
    const challenge = first.headers['www-authenticate'];
    if (first.status !== 401 || challenge === undefined) return first;
    await readBody(first, 1 << 20);
    // An expired token is answered with a fresh challenge: one more round, not a loop.
    const scope = `repository:${this.repository}:pull`;
    this.#authorization = await answerChallenge(challenge, { credentials: this.#credentials(url), scope, request });
    return this.#authorization === undefined
      ? first401(this.endpoint)
      : send({ ...request, headers: withAuthorization() });
  }

  /** Credentials travel encrypted, or to a registry that the user declared insecure. */
  #credentials(url: URL): Credentials | undefined {
    if (url.protocol === 'http:' && !this.endpoint.insecure) return undefined;
    return findCredentials(this.endpoint.credentialHost, this.#options.dockerConfig);
  }
}

function first401(endpoint: Endpoint): never {
  throw new MinidockError('unauthorized', 'no basic auth credentials', {
    fix: `docker login ${endpoint.credentialHost}`,
  });
}
