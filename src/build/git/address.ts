import { MinidockError } from '../../errors.ts';

/** A git repository, and what of it is wanted: `https://host/x.git#REF:DIRECTORY`. */
export interface GitAddress {
  readonly remote: string;
  /** A branch, a tag or a commit; none: what the server's HEAD is. */
  readonly ref?: string;
  readonly directory?: string;
}

/**
 * What Docker takes for a git repository: `git://`, `ssh://` and `git@host:path`, a URL of http whose path ends with `.git`, and as a
 * context `github.com/…`. Undefined for anything else.
 *
 * @throws {MinidockError} `invalid-argument` for what git could take for an option (CVE-2019-13139)
 */
export function gitAddress(text: string, use: 'context' | 'ADD'): GitAddress | undefined {
  const [, address = '', fragment = ''] = /^([^#]*)#?([\s\S]*)$/.exec(text)!;
  const isGit =
    /^(git|ssh):\/\//.test(address) ||
    /^git@[^:/]+:/.test(address) ||
    /^https?:\/\/[^/]+\/.*\.git$/.test(address) ||
    (use === 'context' && address.startsWith('github.com/'));
  if (!isGit) return undefined;
  const [ref = '', ...rest] = fragment.split(':');
  const directory = rest.join(':');
  const remote = address.startsWith('github.com/') ? `https://${address}` : address;
  const refuse = (what: string, value: string) =>
    new MinidockError('invalid-argument', `invalid ${what} ${JSON.stringify(value)} of a git repository`, {
      fix: 'write URL#REF:DIRECTORY, REF a branch, a tag or a commit',
    });
  if (/[\s\0-\x1f\x7f]|^git@-|:\/\/([^/]*@)?-/.test(remote)) throw refuse('address', remote);
  if (/^-|[\s\0-\x1f\x7f~^:?*[\\]|\.\./.test(ref)) throw refuse('ref', ref);
  return { remote, ...(ref && { ref }), ...(directory && { directory }) };
}
