import type { MineOffer, OwnPiece } from '../../cli/mine/protocol.ts';
import { pieces } from '../../engine/compile/pieces.ts';
import { Progress } from '../progress.ts';
import { type LearnersFile, readLearnersFile, relative } from './evaluate/bundle.ts';
import { exerciseIds, filesOf, hashOf, loadExercise } from './files.ts';

/** What the course teaches so far, and the files of which a learner's pieces are made. */
interface Mine {
  readonly offer: Extract<MineOffer, { kind: 'pieces' }>;
  readonly files: readonly LearnersFile[];
}

/** Which pieces the learner has written: those whose file passed exactly as it is now. */
export async function survey(): Promise<Mine> {
  const progress = Progress.load();
  const own: OwnPiece[] = [];
  const files: LearnersFile[] = [];
  for (const id of exerciseIds()) {
    const exercise = await loadExercise(id);
    const names = exercise.pieces.filter(name => Object.hasOwn(pieces, name));
    if (names.length === 0 || !('syscalls' in exercise)) continue;
    const { exercise: file } = filesOf(id);
    const source = readLearnersFile(file);
    const hash = progress.passedHash(id);
    const isSame = 'text' in source && hash === hashOf(source.text);
    const state = isSame ? 'yours' : hash === undefined ? 'not-passed' : 'changed';
    for (const name of names)
      own.push({ name, lesson: id, file: relative(file), state, syscalls: [...exercise.syscalls] });
    // This very text is what runs: the file may change from here on.
    if (isSame) files.push({ text: source.text, file, imports: exercise.imports ?? [] });
  }
  return { offer: { kind: 'pieces', pieces: own }, files };
}
