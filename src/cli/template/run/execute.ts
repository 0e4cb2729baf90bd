import type { MapType } from '../../../api/go/types.ts';
import { entriesOf, indirect, integer, isTrue, itemsOf, type Maybe, type Value } from '../../../api/go/values.ts';
import { format, show } from '../go/print.ts';
import type { Branch, Call, Node, Pipe, Templates } from '../syntax/nodes.ts';
import { Evaluation } from './evaluate.ts';
import { Location } from './failure.ts';
import type { Functions } from './functions.ts';

export interface Job {
  readonly source: string;
  readonly name: string;
  readonly templates: Templates;
  readonly functions: Functions;
  /** A map's key that is missing is an error. */
  readonly strict: boolean;
}

/** Templates may call themselves so deep: Go allows 100,000, for which our stack is too small. */
const deepest = 1000;

/**
 * Executes a template of the job.
 *
 * @throws {TemplateError} of stage `execute`
 */
export function execute(job: Job, data: Maybe, name = job.name, depth = 0): string {
  return new Execution(job, data, name, depth).run(job.templates.get(name)!, data);
}

/** How a list of nodes ended: a jump goes on to the loop around it. */
type Jump = 'break' | 'continue' | undefined;

class Execution {
  readonly #job: Job;
  readonly #location: Location;
  readonly #evaluation: Evaluation;
  readonly #depth: number;
  #text = '';

  constructor(job: Job, data: Maybe, name: string, depth: number) {
    this.#job = job;
    this.#depth = depth;
    this.#location = new Location(job.source, job.name, name);
    this.#evaluation = new Evaluation(this.#location, job.functions, data, job.strict);
  }

  run(nodes: readonly Node[], dot: Maybe): string {
    this.#nodes(nodes, dot);
    return this.#text;
  }

  #nodes(nodes: readonly Node[], dot: Maybe): Jump {
    for (const node of nodes) {
      const jump = this.#node(node, dot);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  #node(node: Node, dot: Maybe): Jump {
    switch (node.kind) {
      case 'text':
        this.#text += node.text;
        return undefined;
      case 'action': {
        const found = this.#evaluation.pipe(node.pipe, dot);
        if (node.pipe.declares.length === 0) this.#text += show(found);
        return undefined;
      }
      case 'template':
        this.#template(node, dot);
        return undefined;
      case 'if':
      case 'with':
      case 'range':
        return this.#scoped(() => (node.kind === 'range' ? this.#range(node, dot) : this.#branch(node, dot)));
      default:
        return node.kind;
    }
  }

  #template(node: Call, dot: Maybe): void {
    this.#location.set(node);
    if (!this.#job.templates.has(node.name))
      throw this.#location.fail(`template ${JSON.stringify(node.name)} not defined`);
    if (this.#depth === deepest) throw this.#location.fail(`exceeded maximum template depth (${deepest})`);
    const data = node.pipe === undefined ? undefined : this.#scoped(() => this.#evaluation.pipe(node.pipe!, dot));
    this.#text += execute(this.#job, data, node.name, this.#depth + 1);
  }

  /** Variables that are declared inside end with it. */
  #scoped<T>(action: () => T): T {
    const { variables } = this.#evaluation;
    const height = variables.length;
    const result = action();
    variables.length = height;
    return result;
  }

  #branch(node: Branch, dot: Maybe): Jump {
    const found = this.#evaluation.pipe(node.pipe, dot);
    if (!isTrue(found)) return this.#nodes(node.otherwise, dot);
    return this.#nodes(node.body, node.kind === 'with' ? found : dot);
  }

  #range({ pipe, body, otherwise }: Branch, dot: Maybe): Jump {
    // The variables get each item instead.
    const found = this.#evaluation.pipe({ ...pipe, declares: [] }, dot);
    const items = this.#itemsOf(found === undefined ? undefined : indirect(found));
    if (items.length === 0) return this.#nodes(otherwise, dot);
    for (const [key, item] of items) {
      const jump = this.#scoped(() => {
        this.#declare(pipe, key, item);
        return this.#nodes(body, item);
      });
      if (jump === 'break') break;
    }
    return undefined;
  }

  #declare(pipe: Pipe, key: Value, item: Value): void {
    const [first, second] = pipe.declares;
    if (first === undefined) return;
    if (second !== undefined) this.#evaluation.declare(pipe, first, key);
    this.#evaluation.declare(pipe, second ?? first, item);
  }

  #itemsOf(of: Maybe): readonly (readonly [Value, Value])[] {
    if (of === undefined) return [];
    if (of.type.kind === 'map') return entriesOf(of as Value<MapType>);
    if (of.type.kind === 'slice' || of.type.kind === 'array') return itemsOf(of).map((item, at) => [integer(at), item]);
    throw this.#location.fail(`range can't iterate over ${format(of, 'v')}`);
  }
}
