import { type CaptureListener, type CaptureOptions, capture, type ListeningPoint } from '../../capture/capture.ts';
import type { Walk } from '../../capture/model.ts';
import { Recorder } from '../../capture/recorder.ts';
import type { Surroundings } from '../../capture/surroundings.ts';
import type { Context } from '../context.ts';
import { printWarning } from '../print/diagnostics.ts';
import { inOneLine } from '../print/printable.ts';
import { counted, walkPrinter } from './show.ts';

export interface LiveOptions extends Omit<CaptureOptions, 'abort' | 'terminal'> {
  readonly write?: string;
}

/** Captures until Ctrl-C or what the options say, and shows and writes what passes. Ctrl-C is the usual end: exit code 0. */
export async function captureLive(context: Context, options: LiveOptions): Promise<number> {
  const { output, env } = context;
  const recorder =
    options.write === undefined ? undefined : new Recorder(options.write, options.filter, options.snapLength);
  const listener: CaptureListener = {
    begins(points, surroundings) {
      recorder?.begins(points, surroundings);
      if (options.write !== '-') print = walkPrinter(context, points);
      output.err(`${greeting(points, surroundings)}\n`);
    },
    walk(walk) {
      recorder?.walk(walk);
      print(walk);
    },
    settled: time => recorder?.settled(time),
    note: text => output.err(`${inOneLine(text)}\n`),
  };
  let print: (walk: Walk) => void = () => {};
  const stop = untilStopped();
  try {
    const summary = await capture({ ...options, abort: stop.signal, terminal: env.SSH_CONNECTION }, listener);
    recorder?.end(summary.dropped);
    const lost = summary.dropped.reduce((sum, one) => sum + one, 0);
    output.err(
      `${counted(summary.packets, 'packet')}${options.write === undefined || options.write === '-' ? '' : `, in ${options.write}`}\n`,
    );
    if (lost > 0) printWarning(output, `the kernel dropped ${lost} more, for which tcpdump was too slow`);
    if (summary.evidence === 'inferred')
      printWarning(output, 'this kernel does not show its connections (/proc/net/nf_conntrack): rewrites are inferred');
    return 0;
  } finally {
    stop.release();
    recorder?.close();
  }
}

/** What is captured, on standard error as tcpdump does. */
function greeting(points: readonly ListeningPoint[], { targets }: Surroundings): string {
  const names = points.map(({ name }) => name).join(', ');
  const shared = targets.filter(({ sharesHost }) => sharesHost).map(({ name }) => name);
  const note =
    shared.length === 0
      ? ''
      : `\n${shared.join(', ')} has the network of the host: these are the packets of the whole host`;
  return `capturing at ${names}; Ctrl-C ends it${note}`;
}

/** The first SIGINT, SIGTERM or SIGHUP ends the capture in order; a second one at once. */
function untilStopped() {
  const stop = new AbortController();
  const listener = (_: NodeJS.Signals, number: number) => {
    if (stop.signal.aborted) process.exit(128 + number);
    stop.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, listener);
  return {
    signal: stop.signal,
    release: () => {
      for (const name of signals) process.off(name, listener);
    },
  };
}
