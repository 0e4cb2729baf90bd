import type { Text } from './language.ts';
import { type MarkdownSection, markdownSections } from './markdown.ts';

/** The sections of every lesson's text, in their order. */
export const sectionHeadings = {
  findOut: { en: 'What you will find out', zh: '你会弄清楚什么' },
  idea: { en: 'The idea', zh: '核心思想' },
  syscalls: { en: 'The syscalls', zh: '用到的系统调用' },
  failures: { en: 'Famous failures', zh: '著名的坑' },
  tryIt: { en: 'Try it yourself', zh: '自己动手' },
  exercise: { en: 'The exercise', zh: '练习' },
  engine: { en: 'What the engine adds', zh: '引擎还做了什么' },
  think: { en: 'Questions to think about', zh: '想一想' },
  reading: { en: 'Further reading', zh: '延伸阅读' },
} as const satisfies Record<string, Text>;

export type SectionKey = keyof typeof sectionHeadings;

/** A lesson's text, cut at its headings. */
export class LessonText {
  private readonly sections: readonly MarkdownSection[];

  constructor(source: string) {
    this.sections = markdownSections(source);
  }

  /** What stands below the title, up to the first section. */
  get introduction(): string {
    return withoutHeading(this.sections[0]!.source);
  }

  /** A section, in whichever language the text is; undefined where the text has none of that name. */
  section(key: SectionKey): { heading: string; body: string } | undefined {
    const { en, zh } = sectionHeadings[key];
    const found = this.sections.find(({ heading }) => heading === en || heading === zh);
    return found && { heading: found.heading, body: withoutHeading(found.source) };
  }
}

function withoutHeading(source: string): string {
  return source.replace(/^#.*\n*/, '').trimEnd();
}
