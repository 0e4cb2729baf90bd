import { MinidockError } from '../errors.ts';
import { isHex256 } from './digest.ts';

/**
 * The name of an image in a registry, as Docker understands it: `[domain/]path[:tag][@digest]`, where `nginx` is short
 * for `docker.io/library/nginx:latest`.
 */
export interface Reference {
  /** `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** `library/nginx`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

const defaultDomain = 'docker.io';
const officialPrefix = 'library/';
const maxNameLength = 255;

// The grammar of the distribution project's package reference, which Docker, podman and registries share.
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])`;
const domain = `${host}(?::[0-9]+)?`;
const tag = '[\\w][\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const whole = {
  domain: new RegExp(`^${domain}$`),
  path: new RegExp(`^${component}(?:/${component})*$`),
  tag: new RegExp(`^${tag}$`),
  digest: new RegExp(`^${digest}$`),
};

/**
 * Parses what a user typed. A reference with neither tag nor digest gets the tag `latest`.
 *
 * Throws `invalid-reference` with Docker's words and the value.
 */
export function parseReference(text: string): Reference {
  const reference = parseName(text);
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** As `parseReference`, and a missing tag stays missing. */
export function parseName(text: string): Reference {
  if (isHex256(text)) {
    throw new MinidockError(
      'invalid-reference',
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const [domainPart, rest] = splitDomain(text);
  const remoteName = rest.split(':', 1)[0]!;
  if (remoteName.toLowerCase() !== remoteName) throw invalid(text, `repository name (${remoteName}) must be lowercase`);
  // Neither a path nor a tag holds an @, nor a path a colon.
  const [named, digestName] = cut(rest, '@');
  const [path, tagName] = cut(named, ':');
  const isValid =
    (domainPart === defaultDomain || whole.domain.test(domainPart)) &&
    whole.path.test(path) &&
    (tagName === undefined || isTag(tagName)) &&
    (digestName === undefined || whole.digest.test(digestName));
  if (!isValid) throw invalid(text);
  if (path.length > maxNameLength)
    throw invalid(text, `repository name must not be more than ${maxNameLength} characters`);
  if (digestName !== undefined) checkDigest(digestName, text);
  return {
    domain: domainPart,
    path,
    ...(tagName === undefined ? {} : { tag: tagName }),
    ...(digestName === undefined ? {} : { digest: digestName }),
  };
}

/** Whether this can stand behind the colon. */
export function isTag(text: string): boolean {
  return whole.tag.test(text);
}

/** What stands before the first of these characters, and behind it; undefined where there is none. */
function cut(text: string, at: string): [before: string, behind?: string] {
  const place = text.indexOf(at);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)];
}

/**
 * What stands before the first slash is a domain if it looks like one: a dot, a colon, `localhost`, or a capital letter
 * (which no path component may hold). Everything else is a repository on Docker Hub.
 */
function splitDomain(text: string): [domain: string, rest: string] {
  const slash = text.indexOf('/');
  const first = text.slice(0, slash);
  const looksLikeDomain =
    slash !== -1 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const domainPart = !looksLikeDomain || first === 'index.docker.io' ? defaultDomain : first;
  const rest = looksLikeDomain ? text.slice(slash + 1) : text;
  return [domainPart, domainPart === defaultDomain && !rest.includes('/') ? officialPrefix + rest : rest];
}

function checkDigest(value: string, text: string): void {
  const [algorithm, hex] = value.split(':') as [string, string];
  if (algorithm !== 'sha256') throw invalid(text, `unsupported digest algorithm "${algorithm}"`);
  if (!/^[0-9a-f]{64}$/.test(hex)) throw invalid(text, 'a sha256 digest has 64 lower-case hexadecimal digits');
}

function invalid(text: string, reason?: string): MinidockError {
  return new MinidockError(
    'invalid-reference',
    `invalid reference format: ${reason === undefined ? JSON.stringify(text) : `${reason}: ${JSON.stringify(text)}`}`,
    { fix: 'a reference is NAME[:TAG] or NAME@sha256:DIGEST, such as nginx:alpine or localhost:5000/my/app:1' },
  );
}

/** `docker.io/library/nginx`: the repository without tag and digest. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `docker.io/library/nginx:alpine`, unambiguous: what is stored. */
export function canonical(reference: Reference): string {
  return repositoryOf(reference) + suffix(reference);
}

/** `nginx`: the repository as people write it. */
export function familiarName({ domain, path }: Pick<Reference, 'domain' | 'path'>): string {
  return familiarText(`${domain}/${path}`);
}

/** `nginx:alpine`: what is printed. */
export function familiar(reference: Reference): string {
  return familiarText(canonical(reference));
}

/** As `familiar` of what `canonical` wrote: that need not be parsed again. */
export function familiarText(stored: string): string {
  const slash = stored.indexOf('/');
  if (stored.slice(0, slash) !== defaultDomain) return stored;
  const path = stored.slice(slash + 1);
  const short = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  return short.includes('/') ? path : short;
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

/** An image's name as a user gives it for something new: no digest. */
export function imageName(text: string): Reference {
  if (parseName(text).digest === undefined) return parseReference(text);
  throw new MinidockError('invalid-reference', `cannot name an image by a digest: ${JSON.stringify(text)}`);
}
