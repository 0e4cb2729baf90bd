import type { BuildEvent } from '../../build/events.ts';
import { humanSize } from '../print/size.ts';

/** What `build --explain` says of a step, a line each. */
export function explained(event: Extract<BuildEvent, { kind: 'missed' | 'made' }>): string[] {
  if (event.kind === 'missed') return [`Cache missed: ${event.reason}`];
  const { key, layer } = event;
  if (layer === undefined) return [`Cache key ${key}`, 'No layer: it changes no file'];
  const [counts, ...names] = layer.does;
  return [
    `Cache key ${key}`,
    `Layer ${layer.name}, ${humanSize(layer.bytes)}: ${counts}`,
    ...names.map(name => `  ${name}`),
  ];
}
