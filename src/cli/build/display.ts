import fs from 'node:fs';
import { isatty } from 'node:tty';
import type { BuildEvent } from '../../build/events.ts';
import { MinidockError } from '../../errors.ts';
import type { Output } from '../print/output.ts';
import type { Trace } from '../print/trace.ts';
import { BuildLines } from '../progress/build.ts';

/** Shows a build while it works. */
export interface BuildDisplay {
  tell(event: BuildEvent): void;
  /** To be called once, whatever becomes of the build. */
  end(failed: boolean): void;
}

export interface DisplayOptions {
  readonly progress: 'auto' | 'plain' | 'tty';
  /** Nothing is shown, unless the build fails. */
  readonly quiet: boolean;
  /** Descriptor that it is shown on. */
  readonly fd: 1 | 2;
  /** Makes what prints the syscalls of a step: lines then, since those are many. */
  readonly trace?: () => Trace;
}

/** Milliseconds between two drawings while nothing happens: the times go on. */
const redrawEvery = 100;

/**
 * Steps that are drawn anew on a terminal, lines elsewhere.
 *
 * @throws {MinidockError} `invalid-argument`: `--progress tty` without a terminal
 */
export async function displayOf(output: Output, { progress, quiet, fd, trace }: DisplayOptions): Promise<BuildDisplay> {
  const out = fd === 1 ? output.out : output.err;
  if (progress === 'tty' && !isatty(fd))
    throw new MinidockError(
      'invalid-argument',
      `--progress tty needs a terminal, and standard ${fd === 1 ? 'output' : 'error'} is none`,
      { fix: 'leave it out: lines are printed where there is no terminal' },
    );
  if (quiet) return onFailure(output);
  const isScreen = progress === 'tty' || (progress === 'auto' && isTerminal(fd) && process.env.TERM !== 'dumb');
  if (isScreen && trace === undefined) return await onScreen(out, fd);
  const lines = new BuildLines({ out, err: output.err }, fd, trace);
  return { tell: lines.tell, end: () => lines.end() };
}

/** Of what is no device node:tty need not be asked, which takes milliseconds to load. */
const isTerminal = (fd: number) => fs.fstatSync(fd).isCharacterDevice() && isatty(fd);

async function onScreen(write: (content: Uint8Array) => void, fd: 1 | 2): Promise<BuildDisplay> {
  const { BuildScreen } = await import('../progress/build-screen.ts');
  const { terminalSize } = await import('../progress/pull-image.ts');
  const screen = new BuildScreen({ write, size: () => terminalSize(fd) });
  const stream = fd === 1 ? process.stdout : process.stderr;
  const draw = () => screen.draw();
  stream.on('resize', draw);
  const timer = setInterval(draw, redrawEvery);
  return {
    tell: screen.tell,
    end(failed) {
      clearInterval(timer);
      stream.off('resize', draw);
      screen.end(failed);
    },
  };
}

/** As Docker's `-q`: what the build said is told, on standard error, where it fails. */
function onFailure(output: Output): BuildDisplay {
  const said: (string | Uint8Array)[] = [];
  const lines = new BuildLines({ out: text => void said.push(text), err: text => void said.push(text) }, 2);
  return {
    tell: lines.tell,
    end(failed) {
      lines.end();
      if (failed) for (const text of said) output.err(text);
    },
  };
}
