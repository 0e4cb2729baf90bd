import type { ContainerOptions } from '../../container/record.ts';
import { checkRights } from '../../container/rights/check.ts';
import { randomHex } from '../../host/random.ts';
import type { Program } from '../../syscalls/step.ts';
import { compile } from '../compile/compile.ts';
import { containerToCompile } from '../compile/compile-input.ts';
import { pieces } from '../compile/pieces.ts';
import type { EngineContext } from '../context.ts';
import { withDonorIds } from '../namespaces/donors.ts';
import { planNetworks } from '../networks/attach.ts';
import { recordFor, specFor, wantedName } from './create.ts';
import { imageFor } from './own-config.ts';

/**
 * The program that `run` would execute at this moment: a random id, the address that is free now, and nothing made,
 * taken or written.
 *
 * @param id of the container that would be; two programs that are to be compared have the same
 */
export async function planContainer(
  context: EngineContext,
  wanted: ContainerOptions,
  id = randomHex(32),
): Promise<Program> {
  const options = withDonorIds(context, wanted);
  const image = imageFor(context, options);
  checkRights(options, context.facts);
  wantedName(context, options);
  const record = await recordFor(context, options, image, id, false);
  record.network = await planNetworks(context, record);
  const container = containerToCompile(context, record, specFor(context, record));
  return compile(container, context.facts, context.pieces ?? pieces);
}
