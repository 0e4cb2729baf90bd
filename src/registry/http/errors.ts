import { errnoOf, MinidockError } from '../../errors.ts';
import { familiar, familiarName, type Reference } from '../../oci/reference.ts';
import { explainWrite, isFileError } from '../../storage/failure.ts';
import { type Endpoint, hubHost } from '../endpoints.ts';
import { type HttpAnswer, readBody } from './http.ts';

/** A registry's answer that is not 2xx, with its own words (distribution-spec, "Error Codes"). */
export class AnswerError extends Error {
  override name = 'AnswerError';
  readonly status: number;
  /** `MANIFEST_UNKNOWN`, `DENIED`, `TOOMANYREQUESTS` …; empty where the body names none. */
  readonly code: string;
  /** Whether a manifest was asked for, not a blob. */
  readonly ofManifest: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, fields: Pick<AnswerError, 'status' | 'code' | 'ofManifest' | 'retryAfterMs'>) {
    super(message);
    this.status = fields.status;
    this.code = fields.code;
    this.ofManifest = fields.ofManifest;
    this.retryAfterMs = fields.retryAfterMs;
  }
}

/** Reads the body of a failed request for what the registry says about it. */
export async function answerError({ status, headers, body }: HttpAnswer, url: URL): Promise<AnswerError> {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  const content = (await readBody({ status, headers, body }, 1 << 20).catch(() => Buffer.alloc(0))).toString();
  const { code, message } = firstError(content);
  const words = message || (/^\s*</.test(content) ? 'an HTML page: is it a registry?' : oneLine(content));
  return new AnswerError(`${url.host} answers ${status}${words ? `: ${words}` : ''}`, {
    status,
    code,
    ofManifest: url.pathname.includes('/manifests/'),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
  });
}

function firstError(body: string): { code: string; message: string } {
  try {
    const parsed = JSON.parse(body) as { errors?: { code?: unknown; message?: unknown }[] };
    const first = parsed.errors?.[0];
    return { code: String(first?.code ?? '').toUpperCase(), message: oneLine(String(first?.message ?? '')) };
  } catch {
    return { code: '', message: '' };
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}

export function isRetried(error: unknown): boolean {
  return error instanceof AnswerError && [408, 429, 500, 502, 503, 504].includes(error.status);
}

/** The pause that the registry asked for. A rate limit without one is not waited for. */
export function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof AnswerError)) return undefined;
  return error.retryAfterMs ?? (error.status === 429 ? Number.POSITIVE_INFINITY : undefined);
}

const checkNetwork = 'check the network and the proxy';
/** Of a pull alone: a mirror takes no pushes. */
const orMirror = `${checkNetwork}, or name a mirror: "registry-mirrors" in /etc/minidock/daemon.json, or --registry-mirror`;

/** The failure of a pull in Docker's words. */
export function explainPull(error: unknown, reference: Reference, endpoint: Endpoint): unknown {
  const name = familiarName(reference);
  if (error instanceof AnswerError) return explainAnswer(error, reference, endpoint);
  if (error instanceof MinidockError && error.code === 'unauthorized') {
    return new MinidockError('access-denied', denied(name, error.message), { cause: error, fix: error.fix });
  }
  if (isFileError(error)) return explainWrite(error, `storing ${familiar(reference)}`);
  return explainConnection(error, `pull ${familiar(reference)}`, new URL(endpoint.base).host, orMirror);
}

/** A connection that failed, in one line; `action` is what it was for: `search for nginx`, and `atHub` the way out where it was to Docker Hub. */
export function explainConnection(error: unknown, action: string, host: string, atHub = checkNetwork): unknown {
  if (error instanceof MinidockError) return error;
  if (error instanceof AnswerError)
    return new MinidockError('registry-error', `cannot ${action}: ${error.message}`, { cause: error });
  const code = (error as { code?: string }).code;
  if (code === undefined || (error as Error).name === 'AbortError') return error;
  return new MinidockError('registry-unreachable', `cannot ${action}: ${host}: ${connectionWords(error, code)}`, {
    cause: error,
    fix: connectionFix(error, code, host, atHub),
  });
}

/** The failure of a push in Docker's words. */
export function explainPush(error: unknown, reference: Reference, endpoint: Endpoint): unknown {
  const { host } = new URL(endpoint.base);
  const fix = `minidock login ${endpoint.credentialHost}`;
  if (error instanceof AnswerError) {
    const { status, message, code } = error;
    if (status === 401 || status === 403 || code === 'DENIED') {
      const denial = 'denied: requested access to the resource is denied';
      return new MinidockError('access-denied', denial, { cause: error, fix });
    }
    if (status === 405) {
      return new MinidockError('read-only-registry', `cannot push ${familiar(reference)}: ${message}`, {
        cause: error,
        fix: 'the registry takes no pushes: it is read-only, or a mirror',
      });
    }
    return new MinidockError('registry-error', `cannot push ${familiar(reference)}: ${message}`, { cause: error });
  }
  return explainConnection(error, `push ${familiar(reference)}`, host);
}

function explainAnswer(error: AnswerError, reference: Reference, endpoint: Endpoint): MinidockError {
  const { status, code, message, ofManifest } = error;
  const name = familiarName(reference);
  if (status === 401 || status === 403 || code === 'DENIED' || code === 'NAME_UNKNOWN') {
    const fix = `check the name; if the repository is private: minidock login ${endpoint.credentialHost}`;
    const reason = code === 'NAME_UNKNOWN' ? 'name unknown' : 'denied: requested access to the resource is denied';
    return new MinidockError('access-denied', denied(name, reason), { cause: error, fix });
  }
  if (status === 404 && ofManifest) {
    return new MinidockError(
      'manifest-unknown',
      `manifest for ${familiar(reference)} not found: manifest unknown: manifest unknown`,
      {
        cause: error,
      },
    );
  }
  if (status === 429) {
    return new MinidockError('too-many-requests', `toomanyrequests: ${message}`, {
      cause: error,
      fix: 'wait, log in with minidock login, or name a mirror in /etc/minidock/daemon.json ("registry-mirrors")',
    });
  }
  return new MinidockError('registry-error', `cannot pull ${familiar(reference)}: ${message}`, { cause: error });
}

function denied(name: string, reason: string): string {
  return `pull access denied for ${name}, repository does not exist or may require 'docker login': ${reason}`;
}

function connectionWords(error: unknown, code: string): string {
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH')
    return code === 'ENETUNREACH' ? 'network is unreachable' : 'no route to host';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host';
  if (isPlainHttp(error)) return 'http: server gave HTTP response to HTTPS client';
  if (errnoOf(error) === 'ETIMEDOUT') return (error as Error).message || 'timed out';
  return (error as Error).message || code;
}

/** OpenSSL takes the letters of an HTTP answer for a version of TLS. */
function isPlainHttp(error: unknown): boolean {
  return /wrong version number|packet length too long|http request/.test((error as Error).message);
}

function connectionFix(error: unknown, code: string, host: string, atHub: string): string {
  if (isPlainHttp(error))
    return `if it is meant to speak plain http: "insecure-registries": ["${host}"] in /etc/minidock/daemon.json, or --insecure-registry ${host} before the command`;
  if (/CERT|SELF_SIGNED|SIGNATURE/.test(code)) {
    return `trust its authority: copy ca.crt to /etc/minidock/certs.d/${host}/ca.crt`;
  }
  if (host === hubHost) return atHub;
  return `check the name, the network and the proxy, and whether a registry listens at ${host}`;
}
