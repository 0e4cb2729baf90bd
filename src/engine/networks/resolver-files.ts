import fs from 'node:fs';
import type { ContainerRecord } from '../../container/record.ts';
import { fullName, hostsFile, resolvConf } from '../../container/rootfs/etc-files.ts';
import { readIfPresent } from '../../state/files.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';

type Wired = Pick<ContainerRecord, 'id' | 'hostname' | 'options' | 'network'>;

/**
 * Writes hosts and resolv.conf of a container that is about to start. `linked` are the lines of hosts for containers that it is
 * linked to.
 */
export function writeResolverFiles(
  { roots }: Pick<EngineContext, 'roots'>,
  record: Wired,
  linked: readonly string[],
): void {
  const paths = containerPaths(roots, record.id);
  writeForAll(paths.hostname, `${record.hostname}\n`);
  writeForAll(paths.hosts, hostsFile(fullName(record), record, record.options.extraHosts, linked));
  writeForAll(paths.resolvConf, resolvConf(record, record.options));
}

/**
 * Updates hosts and resolv.conf of a running container after its connections have changed. They are mounted, so the same files
 * are rewritten. Lines that the container added to its hosts stay, and a resolv.conf that it changed is left alone.
 */
export function updateResolverFiles({ roots }: Pick<EngineContext, 'roots'>, before: Wired, after: Wired): void {
  const paths = containerPaths(roots, after.id);
  const [old, now] = [before, after].map(one => hostsFile(fullName(one), one, one.options.extraHosts).split('\n'));
  const gone = new Set(old!.filter(line => !now!.includes(line)));
  const fresh = now!.filter(line => !old!.includes(line));
  const hosts = readIfPresent(paths.hosts);
  if (hosts !== undefined && gone.size + fresh.length > 0) {
    const kept = hosts.split('\n').filter(line => !gone.has(line));
    if (kept.at(-1) === '') kept.pop();
    overwrite(paths.hosts, [...kept, ...fresh, ''].join('\n'));
  }
  const [was, is] = [resolvConf(before, before.options), resolvConf(after, after.options)];
  if (was !== is && readIfPresent(paths.resolvConf) === was) overwrite(paths.resolvConf, is);
}

/** Replaces the content of a mounted file in place. A reader never finds it empty. */
function overwrite(file: string, content: string): void {
  const fd = fs.openSync(file, 'r+');
  try {
    const bytes = Buffer.from(content);
    fs.writeSync(fd, bytes, 0, bytes.length, 0);
    fs.ftruncateSync(fd, bytes.length);
  } finally {
    fs.closeSync(fd);
  }
}

/** A file that every user of the container may read, whatever the caller's umask is. */
function writeForAll(file: string, content: string): void {
  fs.writeFileSync(file, content);
  fs.chmodSync(file, 0o644);
}
