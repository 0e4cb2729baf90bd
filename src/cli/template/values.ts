import { isGoNil } from './go-values.ts';

/** How text/template sees values: what is true, how they print. Data is what JSON can hold. */

/** Go's truth: zero, empty and nil are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Go's `%v`: `[a b]`, `map[k:v]` with sorted keys. */
export function show(value: unknown, nested = false): string {
  if (value === null || value === undefined) return nested ? '<nil>' : '<no value>';
  if (Array.isArray(value)) return `[${value.map(item => show(item, true)).join(' ')}]`;
  if (typeof value === 'object') {
    const entries = sortedEntries(value).map(([key, item]) => `${key}:${show(item, true)}`);
    return `map[${entries.join(' ')}]`;
  }
  return String(value);
}

/** A map's entries as `range` visits them. */
export function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What Go's messages call the type. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** Go's encoding/json escapes what HTML would read as markup. */
export function toJson(value: unknown, spaces = 0): string {
  const escapes: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };
  const orNull = (_: string, item: unknown) => (isGoNil(item) ? null : item);
  return JSON.stringify(value ?? null, orNull, spaces).replace(/[<>&]/g, character => escapes[character]!);
}
