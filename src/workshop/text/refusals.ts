import type { Text } from './language.ts';

/** Why a command line of the workshop is refused, and what to type in its place. */
export const refusals = {
  notUnderstood: (word: string): Text => ({ en: `"${word}" is not understood`, zh: `看不懂“${word}”` }),
  didYouMean: (word: string): Text => ({ en: `did you mean ${word}?`, zh: `是不是想写 ${word}？` }),
  noLesson: (word: string): Text => ({ en: `no lesson "${word}"`, zh: `没有“${word}”这一课` }),
  listsThem: { en: '`npm run lesson` lists them', zh: '`npm run lesson` 会列出所有课程' },
  severalLessons: (word: string, ids: readonly string[]): Text => ({
    en: `"${word}" means several lessons: ${ids.join(', ')}`,
    zh: `“${word}”可以指好几课：${ids.join('、')}`,
  }),
  giveNumber: { en: 'give its number', zh: '请写编号' },
  noExercise: (id: string): Text => ({ en: `lesson ${id} has no exercise yet`, zh: `${id} 还没有练习` }),
  exercisesOf: (ids: readonly string[]): Text => ({
    en: `there are exercises for ${ids.join(', ')}`,
    zh: `有练习的课：${ids.join('、')}`,
  }),
  notRoot: {
    en: 'exercises are checked in a container, which takes root',
    zh: '练习要放进容器里检查，这需要 root',
  },
  useSudo: {
    en: 'run it with sudo; what you wrote is evaluated without any right all the same',
    zh: '请用 sudo 运行；即便如此，你写的代码也是在没有任何权限的情况下求值的',
  },
} as const;
