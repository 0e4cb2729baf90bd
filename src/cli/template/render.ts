import { evaluate } from './evaluate.ts';
import { functions } from './functions.ts';
import { parseTemplate } from './parse.ts';

/** A template that was parsed once, for many rows. */
export type Template = (data: unknown) => string;

/**
 * The part of Go's text/template that `--format` is used with: fields, variables, pipelines, if, with, range, comments,
 * trimming, Go's comparison and print functions and those Docker adds. No template definitions, no methods.
 *
 * @throws {MinidockError} `template`: exit code 64 for a template that cannot be parsed
 */
export function compileTemplate(source: string): Template {
  const nodes = parseTemplate(source, name => Object.hasOwn(functions, name));
  return data => evaluate(source, nodes, data);
}

/** @throws {MinidockError} `template` */
export function renderTemplate(source: string, data: unknown): string {
  return compileTemplate(source)(data);
}
