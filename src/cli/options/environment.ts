import { readFileSync } from 'node:fs';
import { errnoOf, MinidockError } from '../../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The container's variables: those of the files, then those of `-e`. A bare `NAME` takes its value from our own environment. Where that
 * has none, the line of a file says nothing, and `-e NAME` stays as it is: it takes the image's variable away.
 */
export function collectEnvironment(files: readonly string[], variables: readonly string[], own: Environment): string[] {
  const valued = (variable: string) =>
    variable.includes('=') || own[variable] === undefined ? variable : `${variable}=${own[variable]}`;
  const ofFiles = files.flatMap(readEnvironmentFile).map(valued);
  return [...ofFiles.filter(variable => variable.includes('=')), ...variables.map(valued)];
}

/** Lines of `KEY=VALUE` in the same form; as in Docker a line without a value is none. */
export const readLabelFile = (path: string): string[] => readEnvironmentFile(path).filter(line => line.includes('='));

/** Lines of `NAME=value` or `NAME`; empty lines and those that begin with `#` do not count. Nothing is unquoted. */
function readEnvironmentFile(path: string): string[] {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new MinidockError('env-file', `open ${path}: ${reasons[errnoOf(error) ?? ''] ?? (error as Error).message}`, {
      cause: error,
    });
  }
  const lines = textOf(content, path)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  return lines
    .map(line => line.trimStart())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const name = line.split('=', 1)[0]!;
      if (name === '') throw poorlyFormatted(path, `no variable name on line '${line}'`);
      if (/\s/.test(name)) throw poorlyFormatted(path, `variable '${name}' contains whitespaces`);
      return line;
    });
}

function textOf(content: Buffer, path: string): string {
  const text = content.toString('utf8');
  if (Buffer.from(text).equals(content)) return text;
  // Where the first byte that is no UTF-8 became U+FFFD, which also may stand in the file.
  const line = content
    .toString('latin1')
    .split('\n')
    .findIndex(bytes => {
      const original = Buffer.from(bytes, 'latin1');
      return !Buffer.from(original.toString('utf8')).equals(original);
    });
  throw new MinidockError('env-file', `env file ${path} contains invalid utf8 bytes at line ${line + 1}`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

function poorlyFormatted(path: string, reason: string): MinidockError {
  return new MinidockError('env-file', `poorly formatted environment: ${path}: ${reason}`);
}
