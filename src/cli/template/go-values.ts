/**
 * What JSON cannot tell of Go's values, for templates to print the same: which objects are maps (their keys are data:
 * labels, ports), and which empty ones are nil, `null` in JSON. Plain objects are structs: a key that is missing is an error.
 */
const zeros = new WeakMap<object, unknown>();
const nils = new WeakSet<object>();

/** @param zero what `index` gives for a key that is missing: '' of a map of strings */
export function goMap<T>(value: Readonly<Record<string, T>> | null | undefined, zero?: T): Readonly<Record<string, T>> {
  const map = value ?? {};
  zeros.set(map, zero);
  if (value === null || value === undefined) nils.add(map);
  return map;
}

export function goSlice<T>(value: readonly T[] | null | undefined): readonly T[] {
  if (value !== null && value !== undefined) return value;
  const slice: T[] = [];
  nils.add(slice);
  return slice;
}

export const isGoMap = (value: object): boolean => zeros.has(value);
export const zeroOf = (map: object): unknown => zeros.get(map);
export const isGoNil = (value: unknown): boolean => typeof value === 'object' && value !== null && nils.has(value);
