import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Message, Plugin } from 'esbuild';
import { errnoOf } from '../../../errors.ts';

const checkout = fileURLToPath(new URL('../../../../', import.meta.url));
/** An exercise is a page or two; the engine's longest file is a fifth of this. */
const LARGEST = 128 << 10;

/** Where a learner's code is wrong, as a reader finds it: a place, the line, what is wrong. */
export interface CodeError {
  readonly kind: 'code-error';
  /** `lessons/03-uts-namespace/exercise.ts:12:5`, or only the file. */
  readonly place: string;
  readonly message: string;
  /** The line itself with a mark below, where one is known. */
  readonly excerpt: readonly string[];
}

/** A learner's file and what it needs of the engine as one module for a process that sees no file. */
export interface Bundle {
  readonly kind: 'bundle';
  readonly code: string;
  /** Source map (JSON), for the places in errors. */
  readonly map: string;
}

/**
 * Reads a learner's file: an ordinary file of ordinary size, not followed where it is a symbolic link. Text, or why it
 * cannot be read.
 */
export function readLearnersFile(file: string): { text: string } | CodeError {
  const error = (message: string): CodeError => ({ kind: 'code-error', place: relative(file), message, excerpt: [] });
  let fd: number;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (failure) {
    const errno = errnoOf(failure);
    if (errno === 'ELOOP') return error('it is a symbolic link: an exercise is a file of its own');
    if (errno === 'ENOENT') return error('there is no such file: `-- reset` writes the skeleton');
    return error(`cannot be read: ${errno ?? String(failure)}`);
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return error('it is no ordinary file');
    if (stat.size > LARGEST)
      return error(`it has ${stat.size} bytes, more than the ${LARGEST} that an exercise may have`);
    return { text: fs.readFileSync(fd, 'utf8') };
  } finally {
    fs.closeSync(fd);
  }
}

/** `lessons/03-uts-namespace/exercise.ts`. */
export const relative = (file: string) => path.relative(checkout, file);

/**
 * Makes one module of a learner's text and of what it imports. The text is only read here, never run. It may import the
 * language (src/syscalls) and the modules named in `allowed`; not the engine's pieces, which are the answers.
 */
export async function bundle(text: string, file: string, allowed: readonly string[]): Promise<Bundle | CodeError> {
  const { build } = await import('esbuild');
  const harness = fileURLToPath(new URL('harness.ts', import.meta.url));
  const main = `import * as mine from 'minidock:mine';\nimport { serve } from ${JSON.stringify(harness)};\nserve(mine);\n`;
  try {
    const { outputFiles } = await build({
      stdin: { contents: main, resolveDir: checkout, sourcefile: 'minidock-main.js', loader: 'js' },
      outfile: '/exercise.mjs',
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'external',
      sourcesContent: false,
      legalComments: 'none',
      logLevel: 'silent',
      tsconfigRaw: '{}',
      absWorkingDir: checkout,
      plugins: [learnersImports(text, file, allowed)],
    });
    const [map, code] = ['.map', '.mjs'].map(end => outputFiles.find(output => output.path.endsWith(end))!.text);
    return { kind: 'bundle', code: code!, map: map! };
  } catch (failure) {
    const [first] = (failure as { errors?: Message[] }).errors ?? [];
    if (first === undefined) throw failure;
    return fromMessage(first, file);
  }
}

function learnersImports(text: string, file: string, allowed: readonly string[]): Plugin {
  const folder = path.dirname(file);
  const source = path.join(checkout, 'src');
  const free = ['syscalls/', 'workshop/exercise/todo.ts', ...allowed];
  return {
    name: 'exercise',
    setup(build) {
      build.onResolve({ filter: /^minidock:mine$/ }, () => ({ path: file, namespace: 'mine' }));
      build.onLoad({ filter: /.*/, namespace: 'mine' }, () => ({ contents: text, loader: 'ts', resolveDir: folder }));
      build.onResolve({ filter: /.*/, namespace: 'mine' }, ({ path: wanted }) => {
        if (wanted.startsWith('node:')) return { path: wanted, external: true };
        const target = path.resolve(folder, wanted);
        const below = path.relative(source, target);
        const isFree = wanted.startsWith('.') && free.some(one => below === one || below.startsWith(one));
        if (isFree && fs.existsSync(target)) return { path: target };
        if (isFree) return { errors: [{ text: `there is no module "${wanted}"` }] };
        const rooms = ['src/syscalls', ...allowed.map(one => `src/${one}`)].join(', ');
        return { errors: [{ text: `"${wanted}" cannot be imported here: an exercise imports from ${rooms}` }] };
      });
    },
  };
}

function fromMessage({ text, location }: Message, file: string): CodeError {
  const place = location ? `${relative(file)}:${location.line}:${location.column + 1}` : relative(file);
  const excerpt = location?.lineText
    ? [
        location.lineText,
        `${location.lineText.slice(0, location.column).replace(/\S/g, ' ')}${'~'.repeat(Math.max(1, location.length))}`,
      ]
    : [];
  return { kind: 'code-error', place, message: text, excerpt };
}
