import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type CaptureListener, type CaptureOptions, capture, type ListeningPoint } from '../../capture/capture.ts';
import type { Walk } from '../../capture/model.ts';
import { cannotWrite, Recorder } from '../../capture/recorder.ts';
import type { Surroundings } from '../../capture/surroundings.ts';
import type { Context } from '../context.ts';
import { printWarning } from '../print/diagnostics.ts';
import { inOneLine } from '../print/printable.ts';
import { counted, walkPrinter } from './show.ts';

export interface LiveOptions extends Omit<CaptureOptions, 'abort' | 'terminal'> {
  readonly write?: string;
  readonly html?: string;
}

/** Packets that a page holds: beyond, a browser is slow and nobody looks. */
const mostOnPage = 2000;

/** Captures until Ctrl-C or what the options say, and shows, writes and draws what passes. Ctrl-C is the usual end: exit code 0. */
export async function captureLive(context: Context, options: LiveOptions): Promise<number> {
  const { output, env } = context;
  if (options.html !== undefined) checkDirectory(options.html);
  const recorder =
    options.write === undefined ? undefined : new Recorder(options.write, options.filter, options.snapLength);
  const onPage: { points: readonly ListeningPoint[]; walks: Walk[] } = { points: [], walks: [] };
  const listener: CaptureListener = {
    begins(points, surroundings) {
      recorder?.begins(points, surroundings);
      onPage.points = points;
      if (options.write !== '-') print = walkPrinter(context, points);
      output.err(`${greeting(points, surroundings)}\n`);
    },
    walk(walk) {
      recorder?.walk(walk);
      print(walk);
      if (options.html !== undefined && onPage.walks.length < mostOnPage) onPage.walks.push(walk);
    },
    settled: time => recorder?.settled(time),
    note: text => output.err(`${inOneLine(text)}\n`),
  };
  let print: (walk: Walk) => void = () => {};
  const stop = untilStopped();
  try {
    const summary = await capture({ ...options, abort: stop.signal, terminal: env.SSH_CONNECTION }, listener);
    recorder?.end(summary.dropped);
    if (options.html !== undefined) {
      const { writePage } = await import('./page-file.ts');
      await writePage(options.html, onPage);
    }
    const lost = summary.dropped.reduce((sum, one) => sum + one, 0);
    const files = [options.write, options.html].filter(file => file !== undefined && file !== '-');
    output.err(`${counted(summary.packets, 'packet')}${files.length > 0 ? `, in ${files.join(' and ')}` : ''}\n`);
    if (lost > 0) printWarning(output, `the kernel dropped ${lost} more, for which tcpdump was too slow`);
    if (summary.packets > mostOnPage && options.html !== undefined)
      printWarning(output, `${options.html} shows the first ${mostOnPage} of them`);
    if (summary.evidence === 'inferred')
      printWarning(output, 'this kernel does not tell which connections it tracks: rewrites are inferred');
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

/** Before anything is captured for a page that cannot be written. */
function checkDirectory(file: string): void {
  try {
    accessSync(path.dirname(path.resolve(file)), constants.W_OK);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}
