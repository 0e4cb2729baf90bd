import type { ContainerRecord } from '../../container/record.ts';
import { type NewEvent, recordEvent } from '../../state/journal.ts';
import type { EngineContext } from '../context.ts';

/** What an event needs to know of a container. Of one whose record is broken little is known. */
export type Known = Pick<ContainerRecord, 'id' | 'name'> & Partial<Pick<ContainerRecord, 'image' | 'config'>>;

/** Writes into the journal what happened to a container. */
export function tell(
  { roots }: Pick<EngineContext, 'roots'>,
  container: Known,
  action: string,
  attributes?: Record<string, string>,
): void {
  recordEvent(roots, containerEvent(container, action, attributes));
}

/** What happened to a container in the words of `docker events`, with its labels. */
export function containerEvent(
  { id, name, image, config }: Known,
  action: string,
  attributes: Record<string, string> = {},
): NewEvent {
  const all = { ...config?.Labels, ...attributes, ...(image !== undefined && { image }), name };
  return { type: 'container', action, id, attributes: all };
}
