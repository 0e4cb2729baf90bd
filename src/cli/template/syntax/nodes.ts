import type { Value } from '../../../api/go/values.ts';

/** What a template is after parsing. */
export type Node = Text | Action | Branch | Call | Jump;

interface Text {
  readonly kind: 'text';
  readonly text: string;
}

/** `{{PIPE}}`; prints its value unless it declares or assigns a variable. */
interface Action {
  readonly kind: 'action';
  readonly pipe: Pipe;
}

export interface Branch {
  readonly kind: 'if' | 'with' | 'range';
  readonly at: number;
  readonly pipe: Pipe;
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[];
}

/** `{{template "name" PIPE}}`, which `{{block}}` is too. */
export interface Call {
  readonly kind: 'template';
  readonly at: number;
  readonly text: string;
  readonly name: string;
  readonly pipe: Pipe | undefined;
}

interface Jump {
  readonly kind: 'break' | 'continue';
}

/** `$x := a | b`: commands whose result is the last argument of the next. */
export interface Pipe {
  readonly at: number;
  readonly declares: readonly string[];
  /** `=` in place of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  readonly text: string;
}

export interface Command {
  readonly at: number;
  readonly operands: readonly [Operand, ...Operand[]];
  readonly text: string;
}

/** `text` is what an error calls it: as written, but for white space. */
export type Operand = { readonly at: number; readonly text: string } & (
  | { readonly kind: 'dot' | 'nil' }
  | { readonly kind: 'string' | 'boolean'; readonly value: Value }
  | { readonly kind: 'number'; readonly number: Constant }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
  /** `(index .Mounts 0).Source` */
  | { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly string[] }
);

/** A number as it is written has no type yet: 3.0 is an integer where one is wanted. */
export interface Constant {
  readonly integer?: number;
  readonly float: number;
  /** The type it has where none is wanted. */
  readonly ideal: 'int' | 'float';
}

/** The templates that a template defines; its own has its own name. */
export type Templates = ReadonlyMap<string, readonly Node[]>;
