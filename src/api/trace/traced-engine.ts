import type { Engine } from '../../engine/engine.ts';
import type { StepEvent } from '../../syscalls/shim.ts';
import { methods } from '../methods.ts';
import { type Folded, StepFolder } from './fold.ts';

/** Is told of the calls of an engine; each gets a number from `begin`. */
export interface CallListener {
  begin(method: string, about: string): number;
  steps(call: number, folded: Folded): void;
  end(call: number, failure?: unknown): void;
}

type Method = (...args: unknown[]) => unknown;

/** The same engine, which tells of each call, and of what the kernel is asked to do for a start. */
export function tracedEngine(engine: Engine, listener: CallListener): Engine {
  const nouns = Object.entries(methods).map(([noun, of]) => {
    const inner = engine[noun as keyof Engine] as unknown as Record<string, Method>;
    const traced = Object.keys(of).map(method => [
      method,
      (...args: unknown[]) => traceCall(`${noun}.${method}`, (...given) => inner[method]!(...given), args, listener),
    ]);
    return [noun, Object.fromEntries(traced)];
  });
  return Object.fromEntries(nouns) as Engine;
}

/** Methods with an `onStep` among the options of their second argument. */
const starts = new Set(['containers.start', 'execs.start']);

function traceCall(name: string, method: Method, args: unknown[], listener: CallListener): unknown {
  const call = listener.begin(name, aboutOf(args));
  const folder = new StepFolder(folded => listener.steps(call, folded));
  const given = starts.has(name) ? [args[0], withSteps(args[1], folder.step)] : args;
  const end = (failure?: unknown) => {
    folder.end();
    listener.end(call, failure);
  };
  const result = method(...given);
  if (result instanceof Promise)
    return result.then(
      value => {
        folder.executed();
        end();
        return value;
      },
      error => {
        end(error);
        throw error;
      },
    );
  return traceLines(result as AsyncIterable<unknown>, end);
}

async function* traceLines(source: AsyncIterable<unknown>, end: (failure?: unknown) => void) {
  let failure: unknown;
  try {
    yield* source;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    end(failure);
  }
}

function withSteps(options: unknown, step: (event: StepEvent) => void): object {
  const given = (options ?? {}) as { onStep?: (event: StepEvent) => void };
  return {
    ...given,
    onStep: (event: StepEvent) => {
      step(event);
      given.onStep?.(event);
    },
  };
}

/** Texts, and of options the ones that tell what is meant. */
function aboutOf(args: readonly unknown[]): string {
  const words = args.flatMap(arg => {
    if (typeof arg === 'string' || typeof arg === 'number') return [String(arg)];
    if (typeof arg !== 'object' || arg === null) return [];
    const { image, command, name, condition, signal } = arg as Record<string, unknown>;
    return [image, name, Array.isArray(command) ? command.join(' ') : undefined, condition, signal].filter(
      word => typeof word === 'string' && word !== '',
    ) as string[];
  });
  return words.join(', ');
}
