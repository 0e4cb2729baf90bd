/**
 * The course, in order, from number 0 on. Steps and progress know a lesson by its slug; its number is only printed, so that renumbering
 * costs nothing. A lesson's folder is named by both: `lessons/12-supervisor`.
 */
export const lessonSlugs = [
  'shell-and-proc',
  'process',
  'syscalls',
  'uts-namespace',
  'pid-namespace',
  'mount-namespace',
  'pivot-root',
  'proc-sys-dev',
  'volumes',
  'cgroups',
  'capabilities-and-seccomp',
  'overlay-layers',
  'supervisor',
  'veth-and-bridge',
  'network-modes',
  'published-ports',
  'packet-capture',
  'image-format',
  'registry-pull',
  'dockerfile-build',
  'user-namespace',
  'engine-api',
  'minidock',
] as const;

export type LessonSlug = (typeof lessonSlugs)[number];

/** Number and slug, as learners type and see it: `12-supervisor`. */
export function lessonName(slug: LessonSlug): string {
  return `${String(lessonSlugs.indexOf(slug)).padStart(2, '0')}-${slug}`;
}
