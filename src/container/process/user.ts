import { MinidockError } from '../../errors.ts';

/** Who a container's command runs as: `process.user` of the runtime spec, and the home for HOME. */
export interface ContainerUser {
  uid: number;
  gid: number;
  /** The primary group first (CVE-2022-36109), then those that list the user as a member. */
  additionalGids: number[];
  home: string;
}

/**
 * Contents of the image's /etc/passwd and /etc/group, read in the container's scope; undefined where a file is missing.
 */
export interface UserFiles {
  passwd?: string;
  group?: string;
}

/**
 * Resolves `-u` or the image's `User`: `name`, `uid`, `name:group`, `uid:gid`, either half empty; nothing is root.
 *
 * A number is always an id and never a name (CVE-2016-3697), and need not be in the files; only a user without an
 * explicit group gets supplementary groups. Throws `MinidockError` (exit 125, as Docker) for an unknown name, and for
 * an id above 2147483647, which older engines wrapped around to root (CVE-2024-40635).
 */
export function resolveUser(spec: string, files: UserFiles): ContainerUser {
  const [wantedUser = '', wantedGroup = ''] = spec.split(':', 2);
  const wantedUid = wantedUser === '' ? 0 : number(wantedUser);
  const entry = passwdEntries(files.passwd).find(one =>
    wantedUid === undefined ? one.name === wantedUser : one.uid === wantedUid,
  );
  if (entry === undefined && wantedUid === undefined) {
    throw notFound('user', wantedUser, 'passwd');
  }
  const uid = inRange(entry?.uid ?? wantedUid!, 'user', wantedUser);
  const groups = groupEntries(files.group);
  if (wantedGroup !== '') {
    const gid = inRange(findGroup(wantedGroup, groups), 'group', wantedGroup);
    return { uid, gid, additionalGids: [gid], home: entry?.home || '/' };
  }
  const gid = inRange(entry?.gid ?? 0, 'user', wantedUser);
  const supplementary = entry === undefined ? [] : groups.filter(group => group.members.includes(entry.name));
  const additionalGids = [gid, ...supplementary.map(group => inRange(group.gid, 'group', group.name))];
  return { uid, gid, additionalGids: [...new Set(additionalGids)], home: entry?.home || '/' };
}

/**
 * The user with more groups: names of the image's /etc/group, or ids, which need not be there.
 *
 * @throws {MinidockError} `no-such-group`, `id-out-of-range`
 */
export function withGroups(user: ContainerUser, wanted: readonly string[], files: UserFiles): ContainerUser {
  const groups = groupEntries(files.group);
  const more = wanted.map(one => inRange(findGroup(one, groups), 'group', one));
  return { ...user, additionalGids: [...new Set([...user.additionalGids, ...more])] };
}

const highest = 2147483647;

/** An id as Docker reads it, sign and leading zeros included; undefined for a name. */
function number(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

function inRange(id: number, kind: 'user' | 'group', wanted: string): number {
  if (id >= 0 && id <= highest) return id;
  throw new MinidockError(
    'id-out-of-range',
    `${kind} ${JSON.stringify(wanted)} has the id ${id}: uids and gids must be in range 0-${highest}`,
  );
}

function findGroup(wanted: string, groups: readonly Group[]): number {
  const gid = number(wanted);
  const found = groups.find(group => (gid === undefined ? group.name === wanted : group.gid === gid));
  if (found === undefined && gid === undefined) throw notFound('group', wanted, 'group');
  return found?.gid ?? gid!;
}

function notFound(kind: 'user' | 'group', name: string, file: 'passwd' | 'group'): MinidockError {
  return new MinidockError(
    kind === 'user' ? 'no-such-user' : 'no-such-group',
    `unable to find ${kind} ${name}: no matching entries in ${file} file`,
    {
      fix: `name one that the image's /etc/${file} has, or give a number`,
    },
  );
}

interface Group {
  name: string;
  gid: number;
  members: string[];
}

/** passwd(5): name:password:uid:gid:gecos:home:shell. Lines without numeric ids are no entries. */
function passwdEntries(text = '') {
  return lines(text).flatMap(([name = '', , uid = '', gid = '', , home = '']) => {
    const ids = [number(uid), number(gid)];
    return ids[0] === undefined || ids[1] === undefined ? [] : [{ name, uid: ids[0], gid: ids[1], home }];
  });
}

/** group(5): name:password:gid:members. */
function groupEntries(text = ''): Group[] {
  return lines(text).flatMap(([name = '', , gid = '', members = '']) => {
    const id = number(gid);
    return id === undefined ? [] : [{ name, gid: id, members: members.split(',') }];
  });
}

function lines(text: string): string[][] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split(':'));
}
