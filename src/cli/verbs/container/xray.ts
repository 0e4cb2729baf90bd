import type { SectionName, Xray } from '../../../xray/model.ts';
import { reasonLanguage, requireRoot } from '../../context.ts';
import { many, text, toggle } from '../../grammar/flags.ts';
import { usageError } from '../../grammar/usage.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { coloured } from '../../print/printable.ts';

/** The names are here too, so that help and completion need not load the code that looks. */
const names: readonly SectionName[] = [
  'processes',
  'namespaces',
  'cgroups',
  'rights',
  'limits',
  'layers',
  'mounts',
  'network',
  'rules',
  'sockets',
];

export const verb = defineVerb({
  synopsis: '[OPTIONS] CONTAINER',
  flags: {
    json: toggle('Print it as data (docs/xray.md)'),
    svg: { ...text('Draw it; =FILE writes the picture there', { completes: 'files' }), alone: '-' },
    section: many('list', readSection, `Show only these parts: ${names.join(', ')}`, { completes: names }),
  },
  local: 'it looks into the kernel of this machine',
  operands: [1, 1],
  completes: ['containers'],
  async run(context, flags, [name]) {
    requireRoot();
    const { output, settings } = context;
    const wanted = flags.section.flat();
    if (flags.svg !== undefined && (flags.json || wanted.length > 0))
      throw usageError('--svg draws all of it: it goes without --json and --section', { exitCode: 125 });
    const { xray } = await import('../../../xray/xray.ts');
    const seen: Xray = await xray(settings, name!, wanted.length === 0 ? names : wanted);
    if (flags.svg !== undefined) {
      const { xrayPicture } = await import('../../../xray/views/picture/picture.ts');
      const picture = xrayPicture(seen, reasonLanguage(context));
      if (flags.svg === '-') output.data(picture);
      else {
        const { writeWhole } = await import('../../files/whole-file.ts');
        await writeWhole(flags.svg, 'draw container', async write => write(Buffer.from(picture)), 0o666);
      }
      return 0;
    }
    if (flags.json) {
      output.data(`${JSON.stringify(seen, null, 2)}\n`);
      return 0;
    }
    const { xrayText } = await import('../../../xray/views/text/text.ts');
    const columns = output.columns;
    const colours = columns !== undefined && !process.env.NO_COLOR;
    const text = xrayText(seen, { language: reasonLanguage(context), width: columns ?? 80, colours });
    output.out(colours ? coloured(text) : text);
    return 0;
  },
});

/** `network,rules`. */
function readSection(given: string): SectionName[] {
  return given.split(',').map(name => {
    const found = names.find(one => one === name);
    if (found === undefined) throw new Error(`no part is called '${name}': ${names.join(', ')}`);
    return found;
  });
}
