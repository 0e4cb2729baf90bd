import { once } from 'node:events';
import { program, type Step } from '../../syscalls/step.ts';

/**
 * Runs steps in the native interpreter and resolves with what they wrote to descriptor 1: answers of the kernel for which
 * Node has no call, as bytes.
 */
export async function askSteps(steps: readonly Step[]): Promise<Buffer> {
  const { launch } = await import('../../syscalls/shim.ts');
  const shim = launch(program({ host: steps }), { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = shim.process.stdout!;
  const chunks: Buffer[] = [];
  output.on('data', chunk => chunks.push(chunk));
  const closed = once(output, 'close');
  await shim.exited;
  await Promise.all([shim.ended, closed]);
  return Buffer.concat(chunks);
}
