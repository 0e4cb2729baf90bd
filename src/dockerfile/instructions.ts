import type { Heredoc } from './heredoc.ts';
import type { Statement } from './statements.ts';

/** A part of an instruction as it is written, variables and quotes in it, with its place in the statement's text. */
export interface Raw {
  readonly raw: string;
  readonly offset: number;
}

/** A command: words to be executed, or a line for the shell. */
export type Command =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly line: string };

interface Common {
  readonly statement: Statement;
}

export interface From extends Common {
  readonly kind: 'FROM';
  readonly base: Raw;
  /** Lower case. */
  readonly name?: string;
  /** The name as it is written, for the linter. */
  readonly writtenName?: Raw;
  /** `AS` or `as`. */
  readonly as?: Raw;
  readonly platform?: Raw;
}

export interface Arg extends Common {
  readonly kind: 'ARG';
  readonly args: readonly { readonly name: string; readonly at: Raw; readonly value?: Raw }[];
}

/** `--mount=type=…` of RUN, its keys lower case. */
export interface Mount {
  readonly type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  readonly options: ReadonlyMap<string, string>;
  readonly at: Raw;
}

export interface Run extends Common {
  readonly kind: 'RUN';
  readonly command: Command;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly Mount[];
  readonly network?: 'default' | 'none' | 'host';
}

export interface Copy extends Common {
  readonly kind: 'COPY' | 'ADD';
  readonly sources: readonly (Raw & { readonly heredoc?: Heredoc })[];
  readonly destination: Raw;
  readonly from?: Raw;
  readonly chown?: Raw;
  readonly chmod?: Raw;
  readonly link: boolean;
  readonly parents: boolean;
  /** ADD of a git repository: `.git` comes with it. */
  readonly keepsGit: boolean;
  readonly exclude: readonly Raw[];
  readonly checksum?: Raw;
}

export interface Pairs extends Common {
  readonly kind: 'ENV' | 'LABEL';
  readonly pairs: readonly { readonly name: Raw; readonly value: Raw }[];
  /** `ENV name the rest of the line`. */
  readonly isOldForm: boolean;
}

export interface CommandInstruction extends Common {
  readonly kind: 'CMD' | 'ENTRYPOINT';
  readonly command: Command;
}

export interface Words extends Common {
  readonly kind: 'EXPOSE' | 'VOLUME';
  readonly words: readonly Raw[];
}

export interface Value extends Common {
  readonly kind: 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'MAINTAINER';
  readonly value: Raw;
}

export interface Shell extends Common {
  readonly kind: 'SHELL';
  readonly words: readonly string[];
}

/** Times in nanoseconds, 0 for what is not told, as Docker writes them in an image's config. */
export interface Healthcheck extends Common {
  readonly kind: 'HEALTHCHECK';
  readonly test: readonly string[];
  readonly times: { readonly Interval?: number; readonly Timeout?: number; readonly StartPeriod?: number };
  readonly retries?: number;
}

export interface OnBuild extends Common {
  readonly kind: 'ONBUILD';
  /** The instruction as it is kept in the image. */
  readonly trigger: string;
}

export type Instruction = Run | Copy | Pairs | CommandInstruction | Words | Value | Shell | Healthcheck | OnBuild | Arg;

export interface Stage {
  readonly from: From;
  readonly instructions: readonly Instruction[];
}
