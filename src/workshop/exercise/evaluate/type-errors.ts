import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemPath } from '../../../host/programs.ts';
import { type CodeError, relative } from './bundle.ts';

const checkout = fileURLToPath(new URL('../../../../', import.meta.url));
/** How long the compiler may think, in milliseconds. */
const PATIENCE = 10_000;
const MOST = 3;

/**
 * What TypeScript objects to in a learner's file, the first few places. It is asked where an answer is wrong, since a wrong type is
 * often the reason; an answer that passes may have any types. Nothing where TypeScript is not installed. The file's imports must have
 * been judged before (`bundle`).
 *
 * @param scratch a private folder
 */
export async function typeErrors(file: string, scratch: string): Promise<CodeError[]> {
  const compiler = findCompiler();
  if (compiler === undefined) return [];
  const project = path.join(scratch, 'tsconfig.json');
  const settings = {
    extends: path.join(checkout, 'tsconfig.json'),
    compilerOptions: { typeRoots: [path.join(checkout, 'node_modules/@types')] },
    include: [file],
    exclude: [],
  };
  fs.writeFileSync(project, JSON.stringify(settings));
  const output = await new Promise<string>(resolve => {
    const options = { env: { PATH: systemPath }, cwd: checkout, timeout: PATIENCE, maxBuffer: 1 << 20 };
    execFile(process.execPath, [compiler, '-p', project, '--pretty', 'false'], options, (_error, stdout) =>
      resolve(stdout),
    );
  });
  fs.rmSync(project);
  const name = relative(file);
  return [...output.matchAll(/^(.+?)\((\d+),(\d+)\): error TS\d+: (.*)$/gm)]
    .filter(([, place]) => path.resolve(checkout, place!) === file)
    .slice(0, MOST)
    .map(([, , line, column, message]) => ({
      kind: 'code-error',
      place: `${name}:${line}:${column}`,
      message: message!,
      excerpt: [],
    }));
}

function findCompiler(): string | undefined {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  } catch {
    return undefined;
  }
}
