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
  const entry = findUser(files.passwd, one =>
    wantedUid === undefined ? one.name === wantedUser : one.uid === wantedUid,
  );
  if (entry === undefined && wantedUid === undefined) {
    throw notFound('user', wantedUser, 'passwd');
  }
  const uid = inRange(entry?.uid ?? wantedUid!, 'user', wantedUser);
  if (wantedGroup !== '') {
    const gid = inRange(findGroup(wantedGroup, files.group), 'group', wantedGroup);
    return { uid, gid, additionalGids: [gid], home: entry?.home || '/' };
  }
  const gid = inRange(entry?.gid ?? 0, 'user', wantedUser);
  const supplementary = entry === undefined ? [] : groupsOf(entry.name, files.group);
  const additionalGids = [gid, ...supplementary.map(group => inRange(group.gid, 'group', group.name))];
  return { uid, gid, additionalGids: [...new Set(additionalGids)], home: entry?.home || '/' };
}

/**
 * The user with more groups: names of the image's /etc/group, or ids, which need not be there.
 *
 * @throws {MinidockError} `no-such-group`, `id-out-of-range`
 */
export function withGroups(user: ContainerUser, wanted: readonly string[], files: UserFiles): ContainerUser {
  const more = wanted.map(one => inRange(findGroup(one, files.group), 'group', one));
  return { ...user, additionalGids: [...new Set([...user.additionalGids, ...more])] };
}

const highest = 2147483647;

/** An id as Docker reads it, sign and leading zeros included; undefined for a name. */
function number(text: string): number | undefined {
  const digits = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
  for (let at = 0; at < digits.length; at++) if (digits[at]! < '0' || digits[at]! > '9') return undefined;
  return digits === '' ? undefined : Number(text);
}

function inRange(id: number, kind: 'user' | 'group', wanted: string): number {
  if (id >= 0 && id <= highest) return id;
  throw new MinidockError(
    'id-out-of-range',
    `${kind} ${JSON.stringify(wanted)} has the id ${id}: uids and gids must be in range 0-${highest}`,
  );
}

function findGroup(wanted: string, file = ''): number {
  const gid = number(wanted);
  if (gid !== undefined) return gid;
  for (const [name, , id = ''] of rows(file)) {
    const found = name === wanted ? number(id) : undefined;
    if (found !== undefined) return found;
  }
  throw notFound('group', wanted, 'group');
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

/** passwd(5): name:password:uid:gid:gecos:home:shell. Lines without numeric ids are no entries. */
interface User {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

function findUser(file = '', isWanted: (user: User) => boolean): User | undefined {
  for (const [name = '', , uid = '', gid = '', , home = ''] of rows(file)) {
    const ids = { uid: number(uid), gid: number(gid) };
    if (ids.uid === undefined || ids.gid === undefined) continue;
    const user = { name, uid: ids.uid, gid: ids.gid, home };
    if (isWanted(user)) return user;
  }
  return undefined;
}

/** group(5): name:password:gid:members. Those that have the user as a member. */
function groupsOf(user: string, file = ''): { name: string; gid: number }[] {
  const groups: { name: string; gid: number }[] = [];
  for (const [name = '', , id = '', members = ''] of rows(file, user)) {
    if (members === '' || !members.split(',').includes(user)) continue;
    const gid = number(id);
    if (gid !== undefined) groups.push({ name, gid });
  }
  return groups;
}

/**
 * The fields of each line that is no comment, one line after the other: mostly the first is wanted. With `text`, of those in which
 * it stands.
 */
function* rows(file: string, text = ''): Generator<string[]> {
  for (const line of file.split('\n')) {
    if (!line.includes(text)) continue;
    const row = line.trim();
    if (row !== '' && !row.startsWith('#')) yield row.split(':');
  }
}
