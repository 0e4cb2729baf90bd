import { MinidockError } from '../../errors.ts';

/** What Docker prints when the template cannot be parsed; it exits with 64. */
export function syntaxError(source: string, at: number, reason: string): MinidockError {
  return new MinidockError('template', `template parsing error: template: :${position(source, at).line}: ${reason}`, {
    exitCode: 64,
  });
}

/** What Docker prints when the template does not fit the data: `context` is the part of the template that failed. */
export function dataError(source: string, at: number, context: string, reason: string): MinidockError {
  const { line, column } = position(source, at);
  return new MinidockError(
    'template',
    `template parsing error: template: :${line}:${column}: executing "" at <${context}>: ${reason}`,
  );
}

/** Lines count from 1, columns (bytes) from 0, as in Go's text/template. */
function position(source: string, at: number): { line: number; column: number } {
  const lines = source.slice(0, at).split('\n');
  return { line: lines.length, column: Buffer.byteLength(lines.at(-1)!) };
}
