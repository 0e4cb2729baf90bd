import type { OwnPiece } from './protocol.ts';

/** Which pieces of the container are the learner's, as one block. */
export function listOwn(taught: readonly OwnPiece[]): string {
  const yours = taught.filter(({ state }) => state === 'yours').length;
  const widest = Math.max(...taught.map(({ name }) => name.length));
  const why = {
    yours: ({ file }: OwnPiece) => file,
    changed: ({ lesson }: OwnPiece) => `changed since it passed: npm run lesson ${lesson.slice(0, 2)} -- check`,
    'not-passed': ({ lesson }: OwnPiece) => `not passed yet: npm run lesson ${lesson.slice(0, 2)} -- check`,
  };
  const lines = taught.map(piece => {
    const mark = piece.state === 'yours' ? '✓' : '·';
    return `  ${mark} ${piece.name.padEnd(widest)}  ${why[piece.state](piece)}\n`;
  });
  return `${yours} of the ${taught.length} pieces that the course teaches are yours:\n${lines.join('')}`;
}
