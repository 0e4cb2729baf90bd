import { readIfPresent } from '../../state/files.ts';

/** What keeps ordinary users from user namespaces, and the setting that lets them. */
const locks: [file: string, closed: string, open: string][] = [
  ['/proc/sys/user/max_user_namespaces', '0', 'user.max_user_namespaces=10000'],
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1', 'kernel.apparmor_restrict_unprivileged_userns=0'],
];

/** The setting that opens user namespaces to ordinary users, for `sysctl`, where this machine has closed them. */
export function closedBy(): string | undefined {
  return locks.find(([file, closed]) => readIfPresent(file)?.trim() === closed)?.[2];
}
