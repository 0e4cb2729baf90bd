import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './cleanup.ts';

/** One line a name: mode, owner, device, content hash or link target. Sorted by name. */
export type Snapshot = string[];

/** What stands at and below `root`: names, types, modes, owners, contents, link targets, and hard links by inode. */
export function snapshot(root: string): Snapshot {
  const lines: string[] = [];
  const visit = (path: string, name: string) => {
    const stat = lstatSync(path);
    const facts = [name, stat.mode.toString(8), `${stat.uid}:${stat.gid}`, `inode=${stat.ino}`, `links=${stat.nlink}`];
    if (stat.isFile()) facts.push(createHash('sha256').update(readFileSync(path)).digest('hex'));
    else if (stat.isSymbolicLink()) facts.push(`→ ${readlinkSync(path)}`);
    else if (!stat.isDirectory()) facts.push(`device=${stat.rdev}`);
    lines.push(facts.join(' '));
    if (stat.isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(path, entry), `${name}/${entry}`);
  };
  visit(root, '.');
  return lines;
}

/** A tree of the host that an attack must not touch: secrets, an executable, links. `check` fails on any difference. */
export function canaryTree(): { path: string; secret: string; check: () => void } {
  const path = temporaryFolder('canary');
  const secret = `canary-${Math.random().toString(36).slice(2)}`;
  mkdirSync(join(path, 'etc'), { mode: 0o755 });
  mkdirSync(join(path, 'private'), { mode: 0o700 });
  writeFileSync(join(path, 'etc/passwd'), `root:x:0:0:${secret}:/root:/bin/sh\n`, { mode: 0o644 });
  writeFileSync(join(path, 'private/secret'), secret, { mode: 0o600 });
  writeFileSync(join(path, 'tool'), `#!/bin/sh\necho ${secret}\n`, { mode: 0o755 });
  symlinkSync('etc/passwd', join(path, 'link'));
  const before = snapshot(path);
  const check = () => {
    const after = snapshot(path);
    const changes = [
      ...before.filter(line => !after.includes(line)).map(line => `- ${line}`),
      ...after.filter(line => !before.includes(line)).map(line => `+ ${line}`),
    ];
    if (changes.length > 0) throw new Error(`the host's canary tree was touched:\n${changes.join('\n')}`);
  };
  return { path, secret, check };
}
