import { SourceMap } from 'node:module';
import type { Text } from '../text/language.ts';
import type { Bundle, CodeError } from './evaluate/bundle.ts';
import { relative } from './evaluate/bundle.ts';
import type { Failure, Shape } from './evaluate/learner.ts';
import type { Finding } from './types.ts';
import { words } from './words.ts';

/** A function that the exercise asks for is not there. */
export function mustExport(name: string): Finding {
  return { ok: false, what: words.noFunction(name), hint: words.exportIt(name) };
}

/**
 * An error that the learner's code threw, at its place in the learner's file; undefined for other failures. `file` is named where
 * no place is known.
 */
export function codeErrorOf(reason: Failure['reason'], bundled: Bundle, file: string): CodeError | undefined {
  if (reason.kind !== 'threw') return undefined;
  const place = placeIn(reason.stack, bundled, file);
  return { kind: 'code-error', place, message: `${reason.name}: ${reason.message}`, excerpt: [] };
}

/** The first line of the stack that lies in the learner's own file. */
function placeIn(stack: string, bundled: Bundle, file: string): string {
  const map = new SourceMap(JSON.parse(bundled.map));
  for (const [, line, column] of stack.matchAll(/exercise\.mjs:(\d+):?(\d+)?/g)) {
    const entry = map.findEntry(Number(line) - 1, Math.max(0, Number(column ?? 1) - 1));
    if (!('originalSource' in entry) || !entry.originalSource.startsWith('mine:')) continue;
    const source = entry.originalSource.slice('mine:'.length);
    return `${relative(source)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }
  return relative(file);
}

/** Any other failure, as a finding. */
export function failureFinding({ name, reason }: Failure): Finding {
  const found = (what: Text, hint: Text): Finding => ({ ok: false, what, hint });
  switch (reason.kind) {
    case 'todo':
      return found(words.notWritten(name), words.write);
    case 'too-slow':
      return found(words.tooSlow(name), words.endlessLoop);
    case 'too-much-memory':
      return found(words.tooMuchMemory(name), words.endlessList);
    case 'too-much-output':
      return found(words.tooMuchOutput(name), words.printsNothing);
    case 'ended':
      return found(words.endedBefore(name, reason.status), words.doesNotExit);
    case 'not-a-value':
      return found(words.noStep(name), { en: reason.message, zh: reason.message });
    case 'other-shape':
      return found(words.otherShape(name), words.shapes(describe(reason.expected), describe(reason.found)));
    case 'threw':
      return found(words.threw(name), { en: reason.message, zh: reason.message });
  }
}

function describe(shape: Shape): Text {
  if (typeof shape === 'object')
    return { en: `a record with ${shape.fields.join(', ')}`, zh: `含有 ${shape.fields.join('、')} 的对象` };
  return words.shape[shape];
}
