import { type MessagePort, workerData } from 'node:worker_threads';
import type { MineAnswer, MineOffer, MineQuestion, OwnPiece } from '../../cli/mine/protocol.ts';
import { MinidockError } from '../../errors.ts';
import { Workbench } from './evaluate/box.ts';
import { type Bundle, bundle, relative } from './evaluate/bundle.ts';
import { Cage, type NoAnswer } from './evaluate/cage.ts';
import { codeErrorOf, failureFinding } from './failures.ts';
import { survey } from './survey.ts';

/**
 * The thread behind `minidock run --mine`: it holds the learner's passed pieces in a cage, as `check` does, and answers
 * for them. What the learner wrote has no more rights here than there; the engine gets values, and judges them.
 */
const { port, signal } = workerData as { port: MessagePort; signal: Int32Array };

async function serve(): Promise<void> {
  const { offer, files } = await survey();
  if (files.length === 0) {
    port.postMessage(offer);
    return;
  }
  const bundled = await bundle(...files);
  if (bundled.kind === 'code-error') throw failed(`${bundled.place}: ${bundled.message}`);
  const bench = new Workbench();
  const cage = await Cage.open(bench, bundled);
  const loaded = await cage.load();
  if (loaded.kind !== 'loaded') {
    await cage.close();
    await bench.close();
    throw failed(explain('exercise.ts', loaded, bundled, files[0]!.file));
  }
  port.postMessage(offer);
  port.on('message', (question: MineQuestion | 'close') => {
    if (question === 'close') void cage.close().then(() => bench.close().then(() => port.close()));
    else void cage.ask(question).then(answer => reply(toAnswer(question.name, answer, bundled, offer.pieces)));
  });
}

function toAnswer(
  name: string,
  answer: Awaited<ReturnType<Cage['ask']>>,
  bundled: Bundle,
  own: readonly OwnPiece[],
): MineAnswer {
  if (answer.kind === 'value') return { kind: 'value', value: answer.value };
  return { kind: 'failed', message: explain(name, answer, bundled, own.find(piece => piece.name === name)!.file) };
}

/** `lessons/03-uts-namespace/exercise.ts:12:9: utsNamespace: Error: …`. */
function explain(name: string, reason: NoAnswer, bundled: Bundle, file: string): string {
  const error = codeErrorOf(reason, bundled, file);
  if (error) return `${error.place}: ${name}: ${error.message}`;
  const { what, hint } = failureFinding({ name, reason });
  return `${relative(file)}: ${what.en}: ${hint.en}`;
}

const failed = (message: string) => new MinidockError('exercise-failed', message);

/** The other thread stands still until it is woken. */
function reply(answer: MineAnswer): void {
  port.postMessage(answer);
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
}

serve().catch((error: unknown) => {
  const { message, fix } = error as Partial<MinidockError>;
  port.postMessage({ kind: 'failed', message: message ?? String(error), fix } satisfies MineOffer);
  port.close();
});
