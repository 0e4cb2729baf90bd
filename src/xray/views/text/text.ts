import type { Language, Text } from '../../../syscalls/text/language.ts';
import type { Xray } from '../../model.ts';
import { states } from '../words.ts';
import { filesSections } from './files.ts';
import { inColours, type Paint, plain, printLines, printSection, type Section } from './layout.ts';
import { networkSections } from './network.ts';
import { processSections } from './processes.ts';

export interface TextOptions {
  readonly language: Language;
  /** Columns that a line may have. */
  readonly width: number;
  readonly colours: boolean;
}

/** The text view: what it is, then a part for each subject, then whether the records agree. */
export function xrayText(xray: Xray, { language, width, colours }: TextOptions): string {
  const paint = colours ? inColours : plain;
  const sections = sectionsOf(xray, language).map(section => printSection(section, language, width, paint));
  return [heading(xray, language, width, paint), ...sections, verdict(xray, language, width, paint)].join('\n');
}

function sectionsOf(xray: Xray, language: Language): Section[] {
  return [...processSections(xray, language), ...filesSections(xray, language), ...networkSections(xray, language)];
}

function heading({ container }: Xray, language: Language, width: number, paint: Paint): string {
  const { name, id, image, state, pid, exitCode } = container;
  const about = [
    id,
    image,
    `${states[state][language]}${exitCode === undefined ? '' : ` (${exitCode})`}`,
    ...(pid === undefined ? [] : [`PID ${pid}`]),
  ];
  const lines = printLines([about.join('  ')], width, paint);
  const title = printLines([name], width, plain).map(line => paint('title', line));
  return `${title.join('\n')}\n${lines.join('\n')}\n`;
}

const agreed: Text = {
  en: 'The records of minidock agree with all of this.',
  zh: 'minidock 自己的记录与以上全部一致。',
};
const atRest: Text = {
  en: 'It does not run: the kernel holds no process, no namespace and no cable for it. Above is what is left of it.',
  zh: '它没有运行：内核中没有它的进程、命名空间和网线。上面是它留下的东西。',
};
const disagree: Text = {
  en: 'Where the kernel and the records of minidock disagree, the kernel is right:',
  zh: '内核与 minidock 的记录不一致之处，以内核为准：',
};
const columns: Text = { en: 'WHAT,KERNEL,RECORD', zh: '内容,内核,记录' };

function verdict({ container, differences }: Xray, language: Language, width: number, paint: Paint): string {
  const runs = container.pid !== undefined;
  const lines =
    differences.length === 0
      ? [(runs ? agreed : atRest)[language]]
      : [
          disagree[language],
          { cells: columns[language].split(','), style: 'head' as const },
          ...differences.map(({ what, kernel, record }) => ({ cells: [what, kernel, record], style: 'bad' as const })),
        ];
  return `${printLines(lines, width, paint).join('\n')}\n`;
}
