import type { Language } from '../../syscalls/text/language.ts';
import type { OwnPiece } from './protocol.ts';

const says = {
  changed: { en: 'changed since it passed: ', zh: '通过之后又改过：' },
  notPassed: { en: 'not passed yet: ', zh: '还没有通过：' },
  count: {
    en: (yours: number, all: number) => `${yours} of the ${all} pieces that the course teaches are yours:`,
    zh: (yours: number, all: number) => `课程教的 ${all} 个函数里，有 ${yours} 个是你写的：`,
  },
} as const;

/** Which pieces of the container are the learner's, as one block. */
export function listOwn(taught: readonly OwnPiece[], language: Language): string {
  const yours = taught.filter(({ state }) => state === 'yours').length;
  const widest = Math.max(...taught.map(({ name }) => name.length));
  const check = (lesson: string) => `npm run lesson ${lesson.slice(0, 2)} -- check`;
  const why = {
    yours: ({ file }: OwnPiece) => file,
    changed: ({ lesson }: OwnPiece) => `${says.changed[language]}${check(lesson)}`,
    'not-passed': ({ lesson }: OwnPiece) => `${says.notPassed[language]}${check(lesson)}`,
  };
  const lines = taught.map(piece => {
    const mark = piece.state === 'yours' ? '✓' : '·';
    return `  ${mark} ${piece.name.padEnd(widest)}  ${why[piece.state](piece)}\n`;
  });
  return `${says.count[language](yours, taught.length)}\n${lines.join('')}`;
}
