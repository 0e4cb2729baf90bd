import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { archive, type Member } from './archive.ts';
import { temporaryFolder } from './cleanup.ts';

/** Content by path; a mode before it where it is not 644; `-> target` makes a symbolic link, `= name` a hard one. */
const files: Record<string, string> = {
  'a.txt': 'a\n',
  'b.txt': 'b\n',
  'run.sh': '755:#!/bin/sh\necho ran $1\n',
  'secret.txt': '600:hidden\n',
  'suid.sh': '4755:#!/bin/sh\n',
  'dir/one': '1\n',
  'dir/two': '2\n',
  'dir/deep/three': '3\n',
  'dir/link': '-> one',
  'dir/dangling': '-> nowhere',
  'dir/absolute': '-> /etc/passwd',
  'hard/first': 'linked\n',
  'hard/second': '= hard/first',
  link: '-> a.txt',
  'link-to-dir': '-> dir',
  'with blank': 'blank\n',
  'skip.log': 'no\n',
  'keep.log': 'yes\n',
  'node_modules/x': 'no\n',
  '.dockerignore': '.dockerignore\n*.log\n!keep.log\nnode_modules\n**/*.tmp\n# comment\n',
  'dir/deep/x.tmp': 'no\n',
  'names/täst': 'utf-8\n',
  'names/[set]': 'brackets\n',
  'names/-dash': 'dash\n',
  'names/a:b': 'colon\n',
  'names/$dollar': 'dollar\n',
  [`long/${'n'.repeat(120)}/${'m'.repeat(200)}`]: 'long\n',
  'large.bin': 'x'.repeat(1_100_001),
  'empty/file': '',
  capable: '755:#!/bin/sh\n',
  'requirements.txt': 'django\n',
  homepage: 'home\n',
  homework: 'work\n',
  test: 'test\n',
};

/** The build context that all Dockerfiles of test/dockerfiles share. */
export async function buildContext(): Promise<string> {
  const context = temporaryFolder('build');
  for (const [name, text] of Object.entries(files)) {
    const file = join(context, name);
    mkdirSync(dirname(file), { recursive: true });
    const [, mode, content] = /^(?:(\d{3,4}):)?([\s\S]*)$/.exec(text)!;
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), file);
    else if (text.startsWith('= ')) linkSync(join(context, text.slice(2)), file);
    else writeFileSync(file, content!);
    if (mode) chmodSync(file, Number.parseInt(mode, 8));
    if (!text.startsWith('-> ')) utimesSync(file, 1_600_000_000, 1_600_000_000);
  }
  mkdirSync(join(context, 'empty/directory'));
  chmodSync(join(context, 'empty/directory'), 0o1777);
  chmodSync(join(context, 'dir'), 0o750);
  const tar = (...words: string[]) => execFileSync('tar', ['-C', context, '--owner=5', '--group=6', ...words]);
  tar('-czf', join(context, 'arc.tgz'), 'dir');
  tar('-cJf', join(context, 'arc.tar.xz'), 'dir');
  tar('-cjf', join(context, 'arc.tbz2'), 'dir');
  tar('-cf', join(context, 'plain.tar'), 'a.txt', 'run.sh');
  tar('-cf', join(context, 'hard.tar'), 'hard', 'suid.sh');
  writeFileSync(join(context, 'odd.tar'), await archive(odd));
  execFileSync('sh', ['-c', `echo text | gzip -n > ${join(context, 'no-archive.gz')}`]);
  execFileSync('setcap', ['cap_net_raw+ep', join(context, 'capable')]);
  utimesSync(join(context, 'capable'), 1_600_000_000, 1_600_000_000);
  return context;
}

/** What an archive can hold and a checkout of git cannot. */
const odd: Member[] = [
  { name: './', type: 'directory', mode: 0o711 },
  { name: './attributed', content: 'x\n', pax: { 'SCHILY.xattr.user.note': 'kept' } },
  // VFS_CAP_REVISION_2 with cap_net_raw, permitted and effective (linux/capability.h).
  {
    name: './capable',
    content: 'c\n',
    mode: 0o755,
    pax: { 'SCHILY.xattr.security.capability': `\x01\0\0\x02\0\x20${'\0'.repeat(14)}` },
  },
  { name: './pipe', type: 'fifo', mode: 0o600 },
  { name: './null', type: 'character-device', devmajor: 1, devminor: 3, mode: 0o666 },
  { name: './sticky', type: 'directory', mode: 0o1777, uid: 7, gid: 8 },
  { name: './sticky/suid', content: 'y\n', mode: 0o6755, uid: 7 },
  { name: './above', type: 'symlink', linkname: '../../../etc/passwd' },
];
