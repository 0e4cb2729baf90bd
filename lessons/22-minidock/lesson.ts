import { pieces } from '../../src/engine/compile/pieces.ts';
import type { Demonstration, Lesson } from '../../src/workshop/lesson.ts';
import { figure } from './figure.ts';
import { endHost, onHost } from './host.ts';
import * as texts from './texts.ts';
import type { Trial } from './trials.ts';

/** On the host of this lesson, which is a process of its own. */
const on = (trial: Trial): Demonstration => ({ show: (scratch, tell) => onHost(scratch, trial, tell) });

/** The engine with one piece that does nothing; `trials.ts` runs a container on it. */
const withoutPiece = (name: keyof typeof pieces, trial: Trial): Demonstration => ({
  show: (scratch, tell) => {
    tell(`openEngine(roots, { pieces: { ...pieces, ${name}: () => [] } })`);
    tell(`// one of ${Object.keys(pieces).length}`);
    return onHost(scratch, trial, tell);
  },
});

export const lesson: Lesson = {
  id: '22-minidock',
  title: { en: 'minidock: all of it together', zh: 'minidock：全部合在一起' },
  about: {
    en: 'nginx on port 8080: the whole program, on the pieces that you wrote; the packet’s way to it; and what is left where one piece is missing',
    zh: '8080 端口上的 nginx：整个程序，用的是你写的函数；数据包怎样走到它；少了一块会剩下什么',
  },
  needs: ['root', 'mnt', 'pid', 'uts', 'ipc', 'net', 'overlay', 'cgroups', 'ip', 'iptables'],
  minutes: 40,
  figure,
  question: texts.question,
  tidy: endHost,
  run: on('all'),
  byHand: texts.byHand,
  experiments: [
    { ...texts.loopback, ...on('loopback') },
    { ...texts.background, ...on('background') },
    { ...texts.taken, refused: 'port-in-use', ...on('taken') },
  ],
  breakIt: [
    { ...texts.withoutRights, ...withoutPiece('capabilities', 'withoutRights') },
    { ...texts.withoutGroup, ...withoutPiece('joinCgroup', 'withoutGroup') },
    { ...texts.withoutRule, ...withoutPiece('portRules', 'withoutRule') },
  ],
  seen: texts.seen,
  recap: texts.recap,
  glossary: texts.glossary,
  reading: texts.reading,
  sources: [
    'src/engine/compile/pieces.ts',
    'src/engine/compile/compile.ts',
    'src/cli/mine/pieces.ts',
    'src/capture/follow.ts',
    'src/xray/xray.ts',
    'docs/flag-to-kernel.md',
    'docs/architecture.md',
  ],
};
