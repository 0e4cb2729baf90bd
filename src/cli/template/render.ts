import type { Maybe } from '../../api/go/values.ts';
import { execute } from './run/execute.ts';
import { type Functions, functions } from './run/functions.ts';
import { parseTemplate } from './syntax/parse.ts';

/** A template that was parsed. Throws a TemplateError of stage `execute`. */
export type Template = (data: Maybe, options?: Options) => string;

export interface Options {
  /** In place of the usual ones: those of the headings of a table. */
  readonly functions?: Functions;
  /** A key that a map does not have is an error; else it is `<no value>`. */
  readonly strict?: boolean;
}

/**
 * Templates in the language of Go's text/template, which Docker's `--format` takes.
 *
 * @param name what errors call it; Docker's own mostly have none
 * @throws {TemplateError} of stage `parse`
 */
export function compileTemplate(source: string, name = ''): Template {
  const templates = parseTemplate(source, name, word => Object.hasOwn(functions, word));
  return (data, options = {}) => execute({ source, name, templates, functions, strict: false, ...options }, data);
}
