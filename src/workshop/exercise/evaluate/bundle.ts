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
export const relative = (file: string) => path.relative(checkout, path.resolve(checkout, file));

/** What a learner wrote. */
export interface LearnersFile {
  readonly text: string;
  readonly file: string;
  /** Modules below src/ that it may import besides the language. */
  readonly imports: readonly string[];
}

/**
 * Makes one module of learners' texts and of what they import. The text is only read here, never run. It may import the
 * language (src/syscalls) and the modules named in `imports`; not the engine's pieces, which are the answers.
 */
export async function bundle(...files: readonly LearnersFile[]): Promise<Bundle | CodeError> {
  const { build } = await import('esbuild');
  const harness = fileURLToPath(new URL('harness.ts', import.meta.url));
  const main = [
    ...files.map((_, i) => `import * as mine${i} from 'minidock:${i}';`),
    `import { serve } from ${JSON.stringify(harness)};`,
    `serve({ ${files.map((_, i) => `...mine${i}`).join(', ')} });`,
  ].join('\n');
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
      plugins: [learnersImports(files)],
    });
    const [map, code] = ['.map', '.mjs'].map(end => outputFiles.find(output => output.path.endsWith(end))!.text);
    return { kind: 'bundle', code: code!, map: map! };
  } catch (failure) {
    const [first] = (failure as { errors?: Message[] }).errors ?? [];
    if (first === undefined) throw failure;
    return fromMessage(first, files);
  }
}

function learnersImports(files: readonly LearnersFile[]): Plugin {
  const source = path.join(checkout, 'src');
  const named = (file: string) => files.find(one => one.file === file)!;
  return {
    name: 'exercise',
    setup(build) {
      build.onResolve({ filter: /^minidock:\d+$/ }, ({ path: wanted }) => ({
        path: files[Number(wanted.slice('minidock:'.length))]!.file,
        namespace: 'mine',
      }));
      build.onLoad({ filter: /.*/, namespace: 'mine' }, ({ path: file }) => ({
        contents: named(file).text,
        loader: 'ts',
        resolveDir: path.dirname(file),
      }));
      build.onResolve({ filter: /.*/, namespace: 'mine' }, ({ path: wanted, importer }) => {
        if (wanted.startsWith('node:')) return { path: wanted, external: true };
        const { imports } = named(importer);
        const free = ['syscalls/', 'workshop/exercise/todo.ts', ...imports];
        const target = path.resolve(path.dirname(importer), wanted);
        const below = path.relative(source, target);
        const isFree = wanted.startsWith('.') && free.some(one => below === one || below.startsWith(one));
        if (isFree && fs.existsSync(target)) return { path: target };
        if (isFree) return { errors: [{ text: `there is no module "${wanted}"` }] };
        const rooms = ['src/syscalls', ...imports.map(one => `src/${one}`)].join(', ');
        return { errors: [{ text: `"${wanted}" cannot be imported here: an exercise imports from ${rooms}` }] };
      });
    },
  };
}

function fromMessage({ text, location }: Message, files: readonly LearnersFile[]): CodeError {
  const file = location?.file.replace(/^mine:/, '') ?? files[0]!.file;
  const name = relative(path.resolve(checkout, file));
  const place = location ? `${name}:${location.line}:${location.column + 1}` : name;
  const { lineText = '', column = 0, length = 1 } = location ?? {};
  const mark = lineText.slice(0, column).replace(/\S/g, ' ') + '~'.repeat(Math.max(1, length));
  return { kind: 'code-error', place, message: text, excerpt: lineText === '' ? [] : [lineText, mark] };
}
