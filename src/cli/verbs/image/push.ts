import { isatty } from 'node:tty';
import { canonical, parseName } from '../../../oci/reference.ts';
import type { PushEvent } from '../../../registry/progress.ts';
import { toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { LayerList } from '../../progress/layer-list.ts';
import { terminalSize } from '../../progress/pull-image.ts';
import { interruptible } from '../../terminal/interrupt.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS] NAME[:TAG]',
  flags: {
    'all-tags': toggle('Push all tags that the repository has here', { short: 'a' }),
    quiet: toggle('Print the name of the image only', { short: 'q' }),
  },
  operands: [1, 1],
  completes: ['images'],
  async run(context, flags, [name]) {
    const { out } = context.output;
    const reference = parseName(name!);
    const allTags = flags['all-tags'];
    if (!allTags && !flags.quiet && reference.tag === undefined && reference.digest === undefined)
      out('Using default tag: latest\n');
    const { images } = await context.engine();
    const show = flags.quiet ? () => {} : eventPrinter(out);
    await interruptible(signal => images.push(name!, { onProgress: show, allTags, abort: signal }));
    if (flags.quiet) out(`${canonical(allTags ? reference : { tag: 'latest', ...reference })}\n`);
    return 0;
  },
});

function eventPrinter(print: (content: string | Uint8Array) => void) {
  const size = isatty(1) ? terminalSize(1) : undefined;
  let list = new LayerList(print, size);
  return (event: PushEvent): void => {
    if (event.kind === 'pushing') print(`The push refers to repository [${event.repository}]\n`);
    else if (event.kind === 'layer') list.show(event);
    else {
      print(`${event.tag}: digest: ${event.digest} size: ${event.size}\n`);
      list = new LayerList(print, size);
    }
  };
}
