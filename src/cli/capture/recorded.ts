import { readCapture } from '../../capture/read.ts';
import type { Context } from '../context.ts';
import { printWarning } from '../print/diagnostics.ts';
import { counted, walkPrinter } from './show.ts';

/** `--read FILE`: the walks of a file, as the capture showed them. */
export async function showRecorded(
  context: Context,
  file: string,
  { html, count }: { html?: string; count?: number },
): Promise<number> {
  const { points, walks, cutOff } = readCapture(file);
  const shown = walks.slice(0, count);
  const print = walkPrinter(context, points);
  for (const walk of shown) print(walk);
  if (html !== undefined) {
    const { writePage } = await import('./page-file.ts');
    await writePage(html, { points, walks: shown });
  }
  if (cutOff) printWarning(context.output, `${file} ends in the middle of a packet: whoever wrote it was killed`);
  context.output.err(`${counted(shown.length, 'packet')} at ${counted(points.length, 'point')}\n`);
  return 0;
}
