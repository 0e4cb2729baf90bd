import type { ImageUse } from '../../../image/remove.ts';
import type { Context } from '../../context.ts';

/** Which container uses which image. */
export async function usesOf(context: Context): Promise<ImageUse[]> {
  const engine = await context.engine();
  const records = await engine.list({ all: true });
  return records.map(({ id, imageId, state }) => ({ containerId: id, imageId, running: state.status === 'running' }));
}
