import { compareText, inside, isNil, type Maybe, scalarOf, type Value } from '../../../api/go/values.ts';
import { format } from '../go/print.ts';

/** `eq`, `lt` and their kind. Values of different kinds do not compare, but for integers with and without sign. */
type Kind = 'bool' | 'integer' | 'float' | 'string' | 'other';

const incompatible = () => new Error('incompatible types for comparison');

/** Whether the first equals one of the others. */
export function equal(first: Maybe, others: readonly Maybe[]): boolean {
  const a = inside(first);
  if (a !== undefined) checkComparable(a);
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.map(inside).some(b => isEqual(a, b));
}

function isEqual(a: Maybe, b: Maybe): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (kindOf(a) !== kindOf(b)) throw incompatible();
  if (kindOf(a) !== 'other') return scalarOf(a) === scalarOf(b);
  checkComparable(b);
  return a.type.name === b.type.name && (a.data === b.data || (isNil(a) && isNil(b)) || isSameStruct(a, b));
}

const isSameStruct = (a: Value, b: Value): boolean => a.type.kind === 'struct' && format(a, 'v') === format(b, 'v');

/** Negative where the first is the lesser. */
export function compare(first: Maybe, second: Maybe): number {
  const [a, b] = [ordered(inside(first)), ordered(inside(second))];
  if (kindOf(a) !== kindOf(b)) throw incompatible();
  if (kindOf(a) === 'bool') throw new Error('invalid type for comparison');
  const [x, y] = [scalarOf(a), scalarOf(b)];
  return typeof x === 'string' ? compareText(x, String(y)) : Number(x) - Number(y);
}

function ordered(of: Maybe): Value {
  if (of === undefined || kindOf(of) === 'other') throw new Error('invalid type for comparison');
  return of;
}

function checkComparable(of: Value): void {
  const { kind, name } = of.type;
  if (
    kind !== 'slice' &&
    kind !== 'map' &&
    !(kind === 'struct' && of.type.fields.some(({ type }) => ['slice', 'map'].includes(type.kind)))
  )
    return;
  throw new Error(`non-comparable type ${format(of, 'v')}: ${name}`);
}

function kindOf({ type: { kind } }: Value): Kind {
  if (kind === 'int' || kind === 'uint') return 'integer';
  return kind === 'bool' || kind === 'float' || kind === 'string' ? kind : 'other';
}
