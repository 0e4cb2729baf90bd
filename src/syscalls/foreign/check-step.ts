import type { Data } from '../data.ts';
import type { Slot, Step, Word } from '../step.ts';

/** A value that has no wire form, or a text that is none. The message says what and where. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}

export const isKind = <T extends { kind: string }>(value: object, kind: T['kind']): value is T =>
  (value as { kind?: unknown }).kind === kind;

const reasonFields = ['why', 'lesson', 'group', 'groupWhy'];
const fields: Record<Step['op'], { needs: readonly string[]; may: readonly string[] }> = {
  syscall: { needs: ['name', 'args'], may: ['tolerate', 'save', 'forks'] },
  store: { needs: ['from', 'into', 'at', 'as'], may: [] },
  expect: { needs: ['data', 'at', 'mask', 'value'], may: [] },
  sync: { needs: [], may: [] },
};

/** Throws `WireError` unless a record with `op` is a step in every field. A reason in one text becomes one in both languages. */
export function checkStep(step: Record<string, unknown>): void {
  const { op } = step;
  const shape = typeof op === 'string' && Object.hasOwn(fields, op) ? fields[op as Step['op']] : undefined;
  if (shape === undefined) throw new WireError(`steps of kind ${JSON.stringify(op)} do not exist`);
  for (const name of shape.needs) if (step[name] === undefined) throw new WireError(`a ${op} without ${name}`);
  for (const name of Object.keys(step))
    if (name !== 'op' && ![...shape.needs, ...shape.may, ...reasonFields].includes(name))
      throw new WireError(`a ${op} has no field ${JSON.stringify(name)}`);
  const check = (holds: boolean, what: string) => {
    if (!holds) throw new WireError(`${op}: ${what}`);
  };
  const isSlot = (value: unknown) => typeof value === 'object' && value !== null && isKind<Slot>(value, 'saved');
  const isWord = (value: unknown) => typeof value === 'object' && value !== null && isKind<Word>(value, 'word');
  const isData = (value: unknown): value is Data =>
    typeof value === 'object' && value !== null && isKind<Data>(value, 'data');
  const isNumber = (value: unknown) => Number.isSafeInteger(value) || typeof value === 'bigint';
  const within = (data: unknown, at: unknown, length: number) =>
    isData(data) && Number.isSafeInteger(at) && (at as number) >= 0 && (at as number) + length <= data.bytes.length;
  for (const name of ['lesson', 'group'])
    check(step[name] === undefined || typeof step[name] === 'string', `${name} is no text`);
  for (const name of ['why', 'groupWhy']) check(isReason(step[name]), `${name} is no text`);
  step.why = inBoth(step.why ?? '');
  if (step.groupWhy !== undefined) step.groupWhy = inBoth(step.groupWhy);
  if (op === 'syscall') {
    check(typeof step.name === 'string', 'its name is no text');
    const args = step.args;
    check(Array.isArray(args) && args.length <= 6, 'at most six arguments');
    for (const arg of args as unknown[])
      check(isNumber(arg) || isSlot(arg) || isWord(arg) || isData(arg), 'an argument is a number, data or a slot');
    const tolerate = step.tolerate ?? [];
    check(
      Array.isArray(tolerate) && tolerate.length <= 8 && tolerate.every(name => /^E[A-Z0-9]{1,15}$/.test(String(name))),
      'tolerates at most eight errnos, each by its name',
    );
    check(step.save === undefined || isSlot(step.save), 'saves into a slot');
    check(step.forks === undefined || typeof step.forks === 'boolean', 'forks or not');
  } else if (op === 'store') {
    const width = { u32: 4, u64: 8, decimal: 11 }[String(step.as)];
    check(width !== undefined, 'as u32, u64 or decimal');
    check(isSlot(step.from) || isWord(step.from), 'from a slot or a word');
    check(within(step.into, step.at, width ?? 0), 'beyond the end of its data');
    check((step.into as Data).pointers.length === 0, 'into data that holds addresses');
  } else if (op === 'expect') {
    const { value, mask } = step;
    const sized = value instanceof Uint8Array && mask instanceof Uint8Array && value.length === mask.length;
    check(
      sized && value.length >= 1 && value.length <= 8,
      'compares one to eight bytes under a mask of the same length',
    );
    check(within(step.data, step.at, (value as Uint8Array).length), 'beyond the end of its data');
  }
}

/** Text in both languages, or, where somebody spared the work, one text for both. */
function isReason(value: unknown): boolean {
  if (value === undefined || typeof value === 'string') return true;
  const { en, zh, ...rest } = (value ?? {}) as Record<string, unknown>;
  return typeof en === 'string' && typeof zh === 'string' && Object.keys(rest).length === 0;
}

const inBoth = (reason: unknown) =>
  typeof reason === 'string' ? Object.fromEntries(['en', 'zh'].map(language => [language, reason])) : reason;
