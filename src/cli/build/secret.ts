import fs from 'node:fs';
import path from 'node:path';
import type { Secret } from '../../build/mount/asked.ts';

/** A secret by its id; `variable` is one of our environment. */
export type GivenSecret = readonly [id: string, from: { readonly file: string } | { readonly variable: string }];

/** `id=NAME,src=FILE`, `id=NAME,env=VARIABLE`; without an id the name of the file or the variable. */
export function readSecret(given: string): GivenSecret {
  const fields = new Map(
    given.split(',').map(field => {
      const equals = field.indexOf('=');
      if (equals < 0) throw new Error(`invalid field '${field}' must be a key=value pair`);
      return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)] as const;
    }),
  );
  for (const key of fields.keys())
    if (!['id', 'src', 'source', 'env', 'type'].includes(key)) throw new Error(`unexpected key '${key}' in '${given}'`);
  const [id, file, variable] = [fields.get('id'), fields.get('src') ?? fields.get('source'), fields.get('env')];
  const isVariable = variable !== undefined || (fields.get('type') === 'env' && file === undefined);
  const name = id ?? variable ?? file?.replace(/^.*\//, '');
  if (name === undefined || name === '') throw new Error(`invalid secret '${given}': write id=NAME,src=FILE`);
  if (isVariable) return [name, { variable: variable ?? name }];
  return [name, { file: file ?? name }];
}

/** Files by their whole path. @throws {Error} where a variable is not set, and for what is no file */
export function secretsOf(
  given: readonly GivenSecret[],
  env: Readonly<Record<string, string | undefined>>,
  refuse: (reason: string) => Error,
): Record<string, Secret> {
  return Object.fromEntries(
    given.map(([id, from]) => {
      if ('file' in from) {
        const { file } = from;
        const trouble = (reason: string) => refuse(`secret ${id}: cannot read ${JSON.stringify(file)}: ${reason}`);
        const stats = fs.statSync(file, { throwIfNoEntry: false });
        if (stats === undefined) throw trouble('no such file');
        if (!stats.isFile()) throw trouble(stats.isDirectory() ? 'it is a directory' : 'it is no regular file');
        return [id, { file: path.resolve(file) }];
      }
      const value = env[from.variable];
      if (value === undefined) throw refuse(`secret ${id}: the variable ${from.variable} is not set`);
      return [id, { value }];
    }),
  );
}
