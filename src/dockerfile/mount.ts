import type { Mount, Raw } from './instructions.ts';
import { nearest } from './nearest.ts';
import type { Reading } from './reading.ts';

/** Keys of each type of mount, by BuildKit's names. */
const keys: Record<Mount['type'], readonly string[]> = {
  bind: ['target', 'source', 'from', 'readwrite', 'readonly'],
  cache: ['target', 'id', 'readonly', 'sharing', 'from', 'source', 'mode', 'uid', 'gid'],
  tmpfs: ['target', 'size'],
  secret: ['target', 'id', 'required', 'mode', 'uid', 'gid', 'env'],
  ssh: ['target', 'id', 'required', 'mode', 'uid', 'gid'],
};

const synonyms: Record<string, string> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

/** `--mount=type=cache,target=/root/.cache`; the type is bind where none is told. */
export function readMount(reading: Reading, at: Raw): Mount {
  const given = at.raw.split(',').map(field => {
    const equals = field.indexOf('=');
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    return [synonyms[key] ?? key, equals < 0 ? 'true' : field.slice(equals + 1)] as const;
  });
  const options = new Map(given);
  const type = options.get('type') ?? 'bind';
  options.delete('type');
  if (!Object.hasOwn(keys, type)) {
    const near = nearest(type, Object.keys(keys));
    throw reading.fail(
      at,
      `unknown type of mount: ${JSON.stringify(type)}`,
      near ? `did you mean ${near}?` : `types are ${Object.keys(keys).join(', ')}`,
    );
  }
  const known = keys[type as Mount['type']];
  for (const key of options.keys())
    if (!known.includes(key)) {
      const near = nearest(key, known);
      throw reading.fail(
        at,
        `a mount of type ${type} has no ${JSON.stringify(key)}`,
        near ? `did you mean ${near}?` : `it has ${known.join(', ')}`,
      );
    }
  if (type !== 'secret' && type !== 'ssh' && !options.get('target'))
    throw reading.fail(at, `a mount of type ${type} needs target=PATH`);
  if (type === 'secret' && !options.get('id') && !options.get('target'))
    throw reading.fail(at, 'a secret needs id=NAME or target=PATH');
  return { type: type as Mount['type'], options, at };
}
