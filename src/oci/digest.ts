import { MinidockError } from '../errors.ts';

/**
 * `sha256:<64 lower-case hex digits>`, the name of content (OCI image-spec descriptor.md, "Digests"). A digest is used as
 * a path, so nothing becomes one without `parseDigest` (CVE-2014-9358, CVE-2024-3727).
 */
export type Digest = `sha256:${string}`;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && value.startsWith('sha256:') && isHex256(value.slice('sha256:'.length));
}

const hex256 = /^[0-9a-f]{64}$/;

/** Whether a text is 64 lower-case hex digits, as digests and ids have: one expression for all, since to compile it takes longest. */
export function isHex256(text: string): boolean {
  return text.length === 64 && hex256.test(text);
}

/** The digest, or an error that names where it stood. */
export function parseDigest(value: unknown, where: string): Digest {
  if (isDigest(value)) return value;
  const algorithm = typeof value === 'string' ? /^([a-z0-9+._-]+):[0-9a-zA-Z]+$/.exec(value)?.[1] : undefined;
  const reason =
    algorithm !== undefined && algorithm !== 'sha256'
      ? `digest algorithm "${algorithm}" is not supported, only sha256 is`
      : 'a digest is "sha256:" and 64 lower-case hexadecimal digits';
  throw new MinidockError('invalid-digest', `invalid digest ${JSON.stringify(value)} in ${where}: ${reason}`);
}

/** The 64 hex digits. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** Twelve hex digits: what people see. */
export function shortDigest(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}

/** Where an OCI image layout keeps the content of this digest (image-layout.md, "Blobs"). */
export function blobPath(layout: string, digest: Digest): string {
  return `${layout}/blobs/sha256/${hexOf(digest)}`;
}
