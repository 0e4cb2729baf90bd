import { toPlain } from '../../api/go/json.ts';
import { dynamic, type Value } from '../../api/go/values.ts';
import { inWordsOf, TemplateError } from './errors.ts';
import { compileTemplate } from './render.ts';

const wording = { parse: 'template parsing error: ', execute: 'template parsing error: ', exitCode: 64 };

/**
 * A template as `inspect --format` reads it: by the fields of Docker's types, and where that fails by the keys of the JSON
 * (`.Id`, which is `ID` in Go), as Docker's client does: not for `volume inspect`, where both are the same.
 *
 * @throws {MinidockError} `template`, exit code 64
 */
export function compileForInspect(source: string, { byKeys = true } = {}): (item: Value) => string {
  const template = inWordsOf(wording, () => compileTemplate(source));
  return item =>
    inWordsOf(wording, () => {
      try {
        return template(item);
      } catch (error) {
        if (!byKeys || !(error instanceof TemplateError)) throw error;
        return template(dynamic(toPlain(item)), { strict: true });
      }
    });
}
