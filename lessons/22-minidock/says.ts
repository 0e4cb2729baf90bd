import { languageOf } from '../../src/workshop/text/language.ts';

const inLesson = { en: (number: string) => `, lesson ${number}`, zh: (number: string) => `，第 ${number} 课` };
const steps = (count: number) => (count === 1 ? '1 step' : `${count} steps`);

/** What the lesson’s host tells of its work. It is another process, and hears of the language by its environment. */
export const says = {
  en: {
    making: '# a host of its own: a network namespace, an engine, and an image of a web server',
    pieces: (yours: number, all: number) => `# ${yours} of ${all} pieces are yours: ✓ yours, · the engine’s`,
    program: '# what the kernel does, in the parent (host) and in the child',
    steps: (count: number, lesson: string) => `${steps(count)}${lesson && inLesson.en(lesson)}`,
  },
  zh: {
    making: '# 先造一台自己的宿主机：网络命名空间、引擎、Web 服务器的镜像',
    pieces: (yours: number, all: number) => `# ${all} 个函数里有 ${yours} 个是你的：✓ 你的，· 引擎的`,
    program: '# 内核做的事：父进程（host）里的，和子进程（child）里的',
    steps: (count: number, lesson: string) => `${count} 步${lesson && inLesson.zh(lesson)}`,
  },
}[languageOf(process.env)];
