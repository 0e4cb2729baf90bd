import { engineId } from '../state/engines.ts';
import type { Roots } from '../state/paths.ts';

/** Networks that every engine has, and the drivers that make them, in Docker's words. */
export const predefined = { bridge: 'bridge', host: 'host', none: 'null' } as const;

export type PredefinedName = keyof typeof predefined;

export const isPredefined = (name: string): name is PredefinedName => Object.hasOwn(predefined, name);

/** Its id: it follows from the engine's, so that no file has to hold it. */
export function predefinedId({ root }: Pick<Roots, 'root'>, name: PredefinedName): string {
  return digitsOf(`${engineId(root)} ${name}`);
}

/** Of an endpoint that has no cable: on `host` and `none`. */
export function plainEndpointId(containerId: string, name: PredefinedName): string {
  return digitsOf(`${containerId} ${name}`);
}

/** Which of them is meant, by name, id or the beginning of one; undefined where none is. */
export function predefinedCalled(roots: Pick<Roots, 'root'>, reference: string): PredefinedName | undefined {
  if (isPredefined(reference)) return reference;
  if (!/^[0-9a-f]{2,64}$/.test(reference)) return undefined;
  return (Object.keys(predefined) as PredefinedName[]).find(name => predefinedId(roots, name).startsWith(reference));
}

/**
 * 64 digits that follow from a text, and differ with it: FNV-1a with eight beginnings, each stirred once more. Nothing secret hangs on
 * them, and loading node:crypto takes each start 2 ms.
 */
function digitsOf(text: string): string {
  return Array.from({ length: 8 }, (_, part) => {
    let hash = 0x811c9dc5 ^ Math.imul(part, 0x9e3779b1);
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return ((hash ^ (hash >>> 13)) >>> 0).toString(16).padStart(8, '0');
  }).join('');
}
