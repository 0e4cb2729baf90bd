import { engineId } from '../state/engines.ts';
import type { Roots } from '../state/paths.ts';

/** The networks that every engine has, by name, with Docker's name for the driver of each. */
export const predefined = { bridge: 'bridge', host: 'host', none: 'null' } as const;

export type PredefinedName = keyof typeof predefined;

export const isPredefined = (name: string): name is PredefinedName => Object.hasOwn(predefined, name);

/** Its id: it follows from the engine's, so that no file has to hold it. */
export function predefinedId({ root }: Pick<Roots, 'root'>, name: PredefinedName): string {
  return digitsOf(`${engineId(root)} ${name}`);
}

/** The ids of all of them, by name. */
export type PredefinedIds = Readonly<Record<PredefinedName, string>>;

export function predefinedIds(roots: Pick<Roots, 'root'>): PredefinedIds {
  const names = Object.keys(predefined) as PredefinedName[];
  return Object.fromEntries(names.map(name => [name, predefinedId(roots, name)])) as PredefinedIds;
}

/** The id of an endpoint without a veth pair: on `host` and `none`. */
export function plainEndpointId(containerId: string, name: PredefinedName): string {
  return digitsOf(`${containerId} ${name}`);
}

/** The predefined network with this name, id or beginning of an id; undefined where none has it. */
export function predefinedCalled(roots: Pick<Roots, 'root'>, reference: string): PredefinedName | undefined {
  if (isPredefined(reference)) return reference;
  if (!/^[0-9a-f]{2,64}$/.test(reference)) return undefined;
  return (Object.keys(predefined) as PredefinedName[]).find(name => predefinedId(roots, name).startsWith(reference));
}

/**
 * 64 hexadecimal digits that are computed from a text: FNV-1a with eight different offsets, each mixed once more. They need not
 * be secret, and loading node:crypto costs each start 2 ms.
 */
function digitsOf(text: string): string {
  if (latest?.text !== text) latest = { text, digits: computeDigits(text) };
  return latest.digits;
}

/** Those asked for last: a command tells of the same network when it connects a container and when it disconnects it. */
let latest: { text: string; digits: string } | undefined;

function computeDigits(text: string): string {
  let digits = '';
  for (let part = 0; part < 8; part++) {
    let hash = 0x811c9dc5 ^ Math.imul(part, 0x9e3779b1);
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    digits += ((hash ^ (hash >>> 13)) >>> 0).toString(16).padStart(8, '0');
  }
  return digits;
}
