import type { ContainerRecord } from '../../container/record.ts';
import { recordEvent } from '../../state/journal.ts';
import type { EngineContext } from '../context.ts';

/** What an event needs to know of a container. Of one whose record is broken little is known. */
export type Known = Pick<ContainerRecord, 'id' | 'name'> & Partial<Pick<ContainerRecord, 'image' | 'config'>>;

/** Writes into the journal what happened to a container, in the words of `docker events`, with its labels. */
export function tell(
  { roots }: Pick<EngineContext, 'roots'>,
  { id, name, image, config }: Known,
  action: string,
  attributes: Record<string, string> = {},
): void {
  const all = { ...config?.Labels, ...attributes, ...(image !== undefined && { image }), name };
  recordEvent(roots, { type: 'container', action, id, attributes: all });
}
