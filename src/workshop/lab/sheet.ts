import { readCgroupLayout } from '../../host/cgroup-layout.ts';
import { codeBlocks, markdownSections } from '../text/markdown.ts';
import type { Values } from './types.ts';

/** Which version of cgroups the limits of this host's containers are in: a hybrid host has them in version 1. */
export function cgroupVersion(): 1 | 2 {
  return readCgroupLayout().kind === 'v2' ? 2 : 1;
}

/**
 * A text with a learner's values in the place of `$name` and `${name}`; other variables are the shell's. Comments that
 * stood below each other still do.
 */
export function fillIn(text: string, values: Values): string {
  return text.replace(/^.+$/gm, line => {
    const [, command = line, gap = '', comment = ''] = /^(.*\S)( {2,})(# .*)$/.exec(line) ?? [];
    const filled = insert(command, values);
    const stays = gap && ' '.repeat(Math.max(2, command.length + gap.length - filled.length));
    return filled + stays + insert(comment, values);
  });
}

function insert(text: string, values: Values): string {
  return text.replace(/\$(?:\{([a-z]\w*)\}|([a-z]\w*))/g, (written, braced?: string, bare?: string) => {
    const name = braced ?? bare!;
    return Object.hasOwn(values, name) ? String(values[name]) : written;
  });
}

/** A text without the blocks for the other version of cgroups: those that are marked `sh cgroup1` or `sh cgroup2`. */
export function forThisHost(text: string, version: 1 | 2): string {
  return text.replace(/^```sh cgroup([12])\n([\s\S]*?)^```\n\n?/gm, (_, of: string, content: string) =>
    Number(of) === version ? `\`\`\`sh\n${content}\`\`\`\n\n` : '',
  );
}

/** A sheet or the teacher's notes, cut at the tasks. */
export interface SheetPart {
  /** Number of the task; undefined for what stands before the first and behind the last. */
  readonly task?: number;
  readonly heading: string;
  /** What the heading promises; undefined where it says nothing. */
  readonly points?: number;
  readonly blocks: readonly { readonly info: string; readonly content: string }[];
}

/** The parts of a sheet in order, with the blocks that are right for this version of cgroups. */
export function sheetParts(text: string, version: 1 | 2): SheetPart[] {
  return markdownSections(forThisHost(text, version)).map(({ heading, source }) => {
    const [, task] = /^(?:Task|任务) ?(\d+)/.exec(heading) ?? [];
    const [, points] = /[(（](\d+) (?:points|分)[)）]$/.exec(heading) ?? [];
    return {
      ...(task !== undefined && { task: Number(task) }),
      heading,
      ...(points !== undefined && { points: Number(points) }),
      blocks: codeBlocks(source),
    };
  });
}
