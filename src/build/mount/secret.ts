import fs from 'node:fs';
import path from 'node:path';
import { randomHex } from '../../host/random.ts';
import { removeTree } from '../../state/remove-tree.ts';
import type { RunMount } from '../host.ts';
import type { After, Asked, Secret } from './asked.ts';

interface Sources {
  readonly secrets: Readonly<Record<string, Secret>>;
  readonly memory: () => string;
}

/**
 * A secret as a file, or with `env=` as a variable, `NAME=value`; undefined where it was not given and is not required. One that is to
 * have a mode or an owner is copied, in memory.
 */
export function secretFile(asked: Asked, { secrets, memory }: Sources, after: After): RunMount | string | undefined {
  const { mount, option, isOn, fail } = asked;
  const target = option('target');
  const id = option('id') ?? path.posix.basename(target!);
  const secret = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
  if (secret === undefined) {
    if (!isOn('required')) return undefined;
    throw fail(`the secret ${JSON.stringify(id)} was not given`, `minidock build --secret id=${id},src=FILE`);
  }
  if ('file' in secret && !fs.existsSync(secret.file))
    throw fail(`the file of the secret ${JSON.stringify(id)} is not there: ${secret.file}`);
  const variable = option('env');
  if (variable !== undefined && target === undefined) return `${variable}=${content(secret).toString()}`;
  const destination = target ?? `/run/secrets/${id}`;
  const isPlain = !['mode', 'uid', 'gid'].some(name => mount.options.has(name));
  if (isPlain && 'file' in secret) return { source: secret.file, destination, readonly: true };
  const number = (name: string, base: number, initial: number) => {
    const given = option(name);
    if (given === undefined) return initial;
    if (!/^\d{1,9}$/.test(given)) throw fail(`${name}=${given} is no number`);
    return Number.parseInt(given, base);
  };
  const [mode, uid, gid] = [number('mode', 8, 0o400), number('uid', 10, 0), number('gid', 10, 0)];
  const source = path.join(memory(), randomHex(8));
  after(() => removeTree(source));
  fs.writeFileSync(source, content(secret), { mode: 0o600, flag: 'wx' });
  fs.chownSync(source, uid, gid);
  fs.chmodSync(source, mode & 0o777);
  return { source, destination, readonly: true };
}

const content = (secret: Secret): Buffer =>
  'file' in secret ? fs.readFileSync(secret.file) : Buffer.from(secret.value);
