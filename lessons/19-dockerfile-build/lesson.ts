import fs from 'node:fs';
import path from 'node:path';
import { mount } from '../../src/syscalls/calls.ts';
import type { Program, Step } from '../../src/syscalls/step.ts';
import type { Lesson, Stage } from '../../src/workshop/lesson.ts';
import { said } from '../../src/workshop/play/evidence.ts';
import { makeBase, makeContainer, stepContainer, upperOf } from './builder.ts';
import { figure } from './figure.ts';
import * as texts from './texts.ts';
import { hashCopies, orderMatters, packLayer, staleResult, twoStages } from './trials.ts';

const baseLayer = (scratch: string) => path.join(scratch, 'base');

function container(stage: Stage, own: string, above: readonly string[] = [], more: readonly Step[] = []): Program {
  return stepContainer({ ...stage, own, layers: [baseLayer(stage.scratch), ...above], more });
}

const look = `echo "directory: $(pwd)"
echo "COLOUR: \${COLOUR:-–}"
echo "note: $([ -e /srv/note ] && cat /srv/note || echo –)"
echo "motd: $([ -e /etc/motd ] && cat /etc/motd || echo –)"
echo "daemons: $(grep -lx sleep /proc/[0-9]*/comm | grep -c .)"`;

const inside = `cd /srv
export COLOUR=green
sleep 60 &
echo hi > note
cat /etc/release > release
rm /etc/motd
${look}`;

/** What a directory that overlayfs writes to has of a name. */
function inUpper(upper: string, name: string): string {
  const file = path.join(upper, name);
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return '–';
  if (stats.isCharacterDevice()) return `whiteout, device ${stats.rdev >> 8}:${stats.rdev & 0xff}`;
  return fs.readFileSync(file, 'utf8').trim();
}

/** All that lies below, as `ls -lR` would tell it. */
function contentOf(directory: string): string[] {
  return (fs.readdirSync(directory, { recursive: true }) as string[]).sort().map(name => {
    const stats = fs.lstatSync(path.join(directory, name));
    if (stats.isDirectory()) return `${name}/`;
    return stats.isCharacterDevice() ? `${name}: character device 0:0` : `${name}: file, ${stats.size} bytes`;
  });
}

/** Whether any file below says this. */
const anywhere = (directory: string, word: string): string =>
  (fs.readdirSync(directory, { recursive: true }) as string[]).some(name => {
    const file = path.join(directory, name);
    return fs.lstatSync(file).isFile() && fs.readFileSync(file, 'utf8').includes(word);
  })
    ? word
    : '–';

export const lesson: Lesson = {
  id: '19-dockerfile-build',
  title: { en: 'Dockerfile: from an instruction to a layer', zh: 'Dockerfile：从一条指令到一层' },
  about: {
    en: 'RUN is a container, its upper directory is the layer, the rest is JSON; what the cache compares, and what it cannot know',
    zh: 'RUN 是一个容器，它的 upper 目录就是层，其余的是 JSON；缓存比较什么，又无从知道什么',
  },
  minutes: 35,
  needs: ['root', 'mnt', 'pid', 'overlay'],
  figure,
  question: texts.question,
  async prepare(scratch) {
    await makeBase(scratch);
    // From there a shell lets its background processes read.
    fs.mkdirSync(path.join(baseLayer(scratch), 'dev'));
    fs.writeFileSync(path.join(baseLayer(scratch), 'dev/null'), '');
    for (const own of ['first', 'second', 'mounted', 'forgotten']) makeContainer(scratch, own);
    fs.mkdirSync(path.join(scratch, 'newer/etc'), { recursive: true });
    fs.writeFileSync(path.join(scratch, 'newer/etc/release'), '2\n');
  },
  shell: '/bin/sh',
  run: {
    program: stage => container(stage, 'first'),
    inside,
    evidence: (_host, first) => {
      const upper = upperOf(first.scratch, 'first');
      return {
        columns: texts.columns.run,
        facts: [
          {
            what: { en: '/srv/note', zh: '/srv/note' },
            host: said(first, 'note'),
            container: inUpper(upper, 'srv/note'),
            claim: 'same',
          },
          {
            what: { en: '/etc/motd', zh: '/etc/motd' },
            host: said(first, 'motd'),
            container: inUpper(upper, 'etc/motd'),
            claim: 'differs',
          },
          {
            what: { en: 'COLOUR', zh: 'COLOUR' },
            host: said(first, 'COLOUR'),
            container: anywhere(upper, 'green'),
            claim: 'differs',
          },
        ],
        listings: [{ title: texts.wholeUpper, lines: contentOf(upper) }],
      };
    },
  },
  byHand: texts.byHand,
  experiments: [
    {
      ...texts.next,
      program: stage => container(stage, 'second', [upperOf(stage.scratch, 'first')]),
      inside: look,
      evidence: (_host, second) => ({
        columns: texts.columns.next,
        facts: [
          {
            what: { en: 'directory', zh: '当前目录' },
            host: '/srv',
            container: said(second, 'directory'),
            claim: 'differs',
          },
          {
            what: { en: '$COLOUR', zh: '$COLOUR' },
            host: 'green',
            container: said(second, 'COLOUR'),
            claim: 'differs',
          },
          { what: { en: 'daemons', zh: '守护进程' }, host: '1', container: said(second, 'daemons'), claim: 'differs' },
          { what: { en: '/srv/note', zh: '/srv/note' }, host: 'hi', container: said(second, 'note'), claim: 'same' },
          { what: { en: '/etc/motd', zh: '/etc/motd' }, host: '–', container: said(second, 'motd'), claim: 'same' },
        ],
      }),
    },
    { ...texts.packed, show: packLayer },
    { ...texts.hashed, show: hashCopies },
    { ...texts.order, show: orderMatters },
    { ...texts.stale, show: staleResult },
    { ...texts.stages, show: twoStages },
  ],
  breakIt: [
    {
      ...texts.volume,
      program: stage =>
        container(
          stage,
          'mounted',
          [],
          [
            mount('tmpfs', 'rootfs/srv', 'tmpfs', 0, 'size=64k', {
              why: { en: 'something else lies on /srv', zh: '/srv 上盖着别的东西' },
            }),
          ],
        ),
      inside,
      outcome: 'runs',
      evidence: (_host, mounted) => {
        const upper = upperOf(mounted.scratch, 'mounted');
        return {
          columns: texts.columns.run,
          facts: [
            {
              what: { en: '/srv/note', zh: '/srv/note' },
              host: said(mounted, 'note'),
              container: inUpper(upper, 'srv/note'),
              claim: 'differs',
            },
          ],
          listings: [{ title: texts.wholeUpper, lines: contentOf(upper) }],
        };
      },
    },
    {
      ...texts.forgotten,
      program: stage =>
        container(stage, 'forgotten', [path.join(stage.scratch, 'newer'), upperOf(stage.scratch, 'first')]),
      inside: `echo "made from: $(cat /srv/release)"
echo "below: $(cat /etc/release)"`,
      outcome: 'runs',
      evidence: (_host, mixed) => ({
        columns: texts.columns.base,
        facts: [
          {
            what: { en: 'release', zh: 'release' },
            host: said(mixed, 'made from'),
            container: said(mixed, 'below'),
            claim: 'differs',
          },
        ],
      }),
    },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: [
    'src/build/stage.ts',
    'src/build/step.ts',
    'src/build/cache.ts',
    'src/build/copy/members.ts',
    'src/engine/files/commit.ts',
    'src/image/commit/derive.ts',
  ],
  engineCommand: ['minidock', 'run', '--dry-run', 'busybox', 'true'],
};
