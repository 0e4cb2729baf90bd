import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { type Pieces, pieces } from '../../engine/compile/pieces.ts';
import { MinidockError } from '../../errors.ts';
import { vet } from '../../syscalls/foreign/vet.ts';
import { fromWire, slotsIn, toWire } from '../../syscalls/foreign/wire.ts';
import { printStep } from '../../syscalls/print.ts';
import type { Step } from '../../syscalls/step.ts';
import type { Text } from '../../syscalls/text/language.ts';
import type { SyscallName } from '../../syscalls/uapi/numbers.ts';
import type { MineAnswer, MineOffer, MineQuestion, OwnPiece } from './protocol.ts';
import { untaught } from './untaught.ts';

/** How long a learner's piece may take to answer on a busy machine, in milliseconds. */
const PATIENCE = 60_000;
const worker = 'src/workshop/exercise/mine-from-source.mjs';

/** The engine's pieces with those that a learner has written and passed in their places. */
export interface LearnersPieces {
  readonly pieces: Pieces;
  /** All that the course teaches so far. */
  readonly taught: readonly OwnPiece[];
  /** Lets go of the process in which the learner's code runs. */
  close(): Promise<void>;
}

/**
 * Takes a learner's pieces into the engine. Their code is TypeScript of the checkout: only here is it loaded, by tsx, in a
 * thread of its own, and it runs in a cage without a right. Composing a program is synchronous: the engine stands still
 * while a piece answers. `onUntaught` hears of what a piece is not asked for, since its lesson does not teach it.
 *
 * @throws {MinidockError} `no-checkout`, `exercise-failed`
 */
export async function learnersPieces(
  onUntaught: (piece: OwnPiece, what: Text) => void = () => {},
): Promise<LearnersPieces> {
  const checkout = findCheckout();
  const { port1: port, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(pathToFileURL(join(checkout, worker)), {
    workerData: { port: port2, signal },
    transferList: [port2],
  });
  const offer = await new Promise<MineOffer>((resolve, reject) => {
    port.once('message', resolve);
    thread.once('error', reject);
  });
  if (offer.kind === 'failed') {
    await thread.terminate();
    throw new MinidockError('exercise-failed', offer.message, { fix: offer.fix ?? 'check it: npm run lesson' });
  }
  const ask = (question: MineQuestion): MineAnswer => {
    Atomics.store(signal, 0, 0);
    port.postMessage(question);
    Atomics.wait(signal, 0, 0, PATIENCE);
    const received = receiveMessageOnPort(port) as { message: MineAnswer } | undefined;
    return received?.message ?? { kind: 'failed', message: `${question.name} does not answer` };
  };
  const yours = offer.pieces.filter(piece => piece.state === 'yours');
  const answerFor = (piece: OwnPiece, args: unknown[]): unknown => {
    const what = untaught(piece.name, args);
    if (what === undefined) return call(piece, args, ask);
    onUntaught(piece, what);
    return (pieces[piece.name as keyof Pieces] as (...args: unknown[]) => unknown)(...args);
  };
  const own = Object.fromEntries(yours.map(piece => [piece.name, (...args: unknown[]) => answerFor(piece, args)]));
  return {
    pieces: { ...pieces, ...own } as Pieces,
    taught: offer.pieces,
    async close() {
      if (yours.length > 0) {
        const ended = new Promise(resolve => port.once('close', resolve));
        port.postMessage('close');
        await ended;
      }
      port.close();
      await thread.terminate();
    },
  };
}

function call(piece: OwnPiece, args: unknown[], ask: (question: MineQuestion) => MineAnswer): unknown {
  const fail = (message: string) =>
    new MinidockError('exercise-failed', message, { fix: `npm run lesson ${piece.lesson.slice(0, 2)} -- check` });
  const answer = ask({ name: piece.name, args: toWire(args) });
  if (answer.kind === 'failed') throw fail(answer.message);
  const value = fromWire(answer.value, slotsIn(args));
  const objection = vet(stepsIn(value), piece.syscalls as readonly SyscallName[]);
  if (objection) throw fail(`${piece.file}: ${piece.name}: ${printStep(objection.step)} is not what it passed with`);
  return value;
}

/** All steps in a value. */
function stepsIn(value: unknown): Step[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return 'op' in value ? [value as Step] : Object.values(value).flatMap(stepsIn);
}

/** The checkout that this program belongs to; a package has no lessons that one edits. */
function findCheckout(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let directory = here; directory !== dirname(directory); directory = dirname(directory))
    if (existsSync(join(directory, worker)) && existsSync(join(directory, 'package-lock.json'))) return directory;
  throw new MinidockError(
    'no-checkout',
    'run --mine needs a checkout of minidock: the pieces that it runs on are in its lessons',
    {
      fix: 'clone the repository, and begin with `npm run lesson 01`',
    },
  );
}
