import type { Engine } from '../../../engine/engine.ts';
import { MinidockError } from '../../../errors.ts';
import { methods, type Place } from '../../methods.ts';

/** The method of the engine that a request means. */
export interface Call {
  readonly noun: keyof Engine;
  readonly method: string;
  readonly place: Place;
  /** The first arguments: what the path says. */
  readonly words: readonly string[];
}

const calls = Object.entries(methods).flatMap(([noun, of]) =>
  Object.entries(of as Record<string, Place>).map(([method, place]) => ({
    ...{ noun: noun as keyof Engine, method, place },
    pattern: new RegExp(`^(?:/v[0-9.]+)?${place.path.replaceAll('{}', '([^/]+)')}$`),
  })),
);

/** Throws `not-found` for what the table does not have. A path without words is meant before one with. */
export function findCall(verb: string, url: string): Call {
  const path = url.replace(/\?.*$/s, '');
  for (const { pattern, ...call } of calls) {
    const found = call.place.verb === verb ? pattern.exec(path) : null;
    if (found !== null) return { ...call, words: found.slice(1).map(decode) };
  }
  throw new MinidockError('no-such-object', 'page not found');
}

function decode(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw new MinidockError('invalid-argument', `the path has a word that is not encoded as one: ${word}`);
  }
}
