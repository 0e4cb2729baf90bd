import type { Text } from '../text/language.ts';

/** What the checker says. */
export const words = {
  refusedBefore: (step: string): Text => ({
    en: `${step} is not performed`,
    zh: `${step} 没有执行`,
  }),
  allowedCalls: (names: readonly string[]): Text => ({
    en: `this exercise needs no other calls than ${names.join(', ')}`,
    zh: `这个练习只需要这些调用：${names.join('、')}`,
  }),
  malformed: (reason: string): Text => ({ en: reason, zh: `参数不对：${reason}` }),
  kernelRefused: (step: string, errno: string): Text => ({
    en: errno === 'unexpected' ? `${step}: other bytes are there` : `the kernel answers ${errno} to ${step}`,
    zh: errno === 'unexpected' ? `${step}：那里的字节与预期不同` : `内核对 ${step} 返回 ${errno}`,
  }),
  seeManual: (call: string, errno: string): Text => ({
    en: `man 2 ${call} lists what ${errno} can mean`,
    zh: `man 2 ${call} 列出了 ${errno} 可能的含义`,
  }),
  notYours: {
    en: 'this step is not yours: it relies on what yours should have done before it. What did they leave undone?',
    zh: '这一步不是你写的：它依赖前面你的步骤做好的事。还有哪件事没有做？',
  },
  notExecuted: (message: string): Text => ({ en: message, zh: message }),
  noProgram: {
    en: 'all steps succeeded, and then there was no program to become',
    zh: '所有步骤都成功了，但最后没有可以换上的程序',
  },
  stuck: { en: 'one of the steps does not come to an end', zh: '有一个步骤一直没有结束' },
  waitsForever: {
    en: 'does it wait for something that nobody in there will do?',
    zh: '它是不是在等一件里面没有人会做的事？',
  },
  endedEarly: (status: number): Text => ({
    en: `the process ended with status ${status} before anybody could look at it`,
    zh: `还没来得及查看，进程就已结束，退出状态是 ${status}`,
  }),
  itPrinted: (lines: readonly string[]): Text =>
    lines.length === 0
      ? { en: 'it printed nothing', zh: '它什么也没有输出' }
      : { en: `it printed: ${lines.join(' | ')}`, zh: `它的输出：${lines.join(' | ')}` },
  noFunction: (name: string): Text => ({
    en: `exercise.ts exports no ${name}`,
    zh: `exercise.ts 没有导出 ${name}`,
  }),
  exportIt: (name: string): Text => ({
    en: `write \`export const ${name} = …\`; \`-- reset\` brings the skeleton back`,
    zh: `请写 \`export const ${name} = …\`；\`-- reset\` 会恢复最初的骨架`,
  }),
  notWritten: (name: string): Text => ({ en: `${name} is not written yet`, zh: `${name} 还没有写` }),
  write: {
    en: 'in the lesson’s exercise.ts, write your own code in place of `return todo()`; the comment above it says what is wanted',
    zh: '在本课的 exercise.ts 里，把 `return todo()` 换成你自己的代码；上面的注释说明了要写什么',
  },
  tooSlow: (name: string): Text => ({ en: `${name} does not come to an end`, zh: `${name} 一直没有结束` }),
  endlessLoop: {
    en: 'it was ended after some seconds: is there a loop without an end?',
    zh: '几秒之后它被终止了：是不是写了死循环？',
  },
  tooMuchMemory: (name: string): Text => ({
    en: `${name} uses more and more memory`,
    zh: `${name} 占用的内存越来越多`,
  }),
  endlessList: {
    en: 'it was ended when it had all that it may have: is there a list that grows without an end?',
    zh: '用完了允许的内存，它被终止了：是不是有一个无限增长的列表？',
  },
  tooMuchOutput: (name: string): Text => ({ en: `${name} prints without an end`, zh: `${name} 没完没了地输出` }),
  printsNothing: {
    en: 'a piece returns steps; it does not need to print anything',
    zh: '这些函数只返回步骤，不需要输出任何东西',
  },
  endedBefore: (name: string, status: number): Text => ({
    en: `${name}: the code ended its process (status ${status}) and gave no answer`,
    zh: `${name}：代码结束了自己的进程（退出状态 ${status}），没有给出答案`,
  }),
  doesNotExit: {
    en: 'does it call process.exit, or start something and wait for it? A piece only computes and returns',
    zh: '是不是调用了 process.exit，或者启动了什么并等待它？这些函数只做计算并返回',
  },
  noStep: (name: string): Text => ({ en: `${name} returned something that is no step`, zh: `${name} 返回的不是步骤` }),
  otherShape: (name: string): Text => ({
    en: `${name} returned something else than the engine expects`,
    zh: `${name} 返回的不是引擎所期望的`,
  }),
  shapes: (expected: Text, found: Text): Text => ({
    en: `expected ${expected.en}, found ${found.en}`,
    zh: `期望${expected.zh}，得到${found.zh}`,
  }),
  shape: {
    step: { en: 'one step', zh: '一个步骤' },
    steps: { en: 'a list of steps', zh: '步骤的列表' },
    nothing: { en: 'nothing (is there a `return`?)', zh: '空（有没有写 `return`？）' },
    other: { en: 'something that is no step', zh: '不是步骤的东西' },
  },
  threw: (name: string): Text => ({ en: `${name} threw an error`, zh: `${name} 抛出了错误` }),
} as const;

/** What the commands say around it. */
export const says = {
  exercise: { en: 'Exercise', zh: '练习' },
  whichLesson: { en: 'which lesson?', zh: '哪一课？' },
  types: { en: 'TypeScript objects to:', zh: 'TypeScript 认为这里有问题：' },
  printed: { en: 'Your code printed:', zh: '你的代码输出了：' },
  notYet: (number: string): Text => ({
    en: `Not yet. \`npm run lesson ${number} -- hint\` gives a hint, \`-- watch\` checks again whenever you save.`,
    zh: `还不对。\`npm run lesson ${number} -- hint\` 给提示，\`-- watch\` 在每次保存后重新检查。`,
  }),
  passed: (number: string): Text => ({
    en: `Passed: the kernel agrees. \`npm run lesson ${number} -- solution\` shows ours; \`minidock run --mine\` runs on yours.`,
    zh: `通过：内核说你对了。\`npm run lesson ${number} -- solution\` 查看参考答案；\`minidock run --mine\` 会用你写的代码运行容器。`,
  }),
  functionPassed: (number: string): Text => ({
    en: `Passed: it returns what the engine’s own function returns. \`npm run lesson ${number} -- solution\` shows ours.`,
    zh: `通过：返回的结果与引擎自己的函数一致。\`npm run lesson ${number} -- solution\` 查看参考答案。`,
  }),
  solutionPasses: { en: 'The kept solution passes.', zh: '参考答案通过。' },
  watching: (file: string): Text => ({
    en: `Watching ${file}; Ctrl-C ends.`,
    zh: `正在监视 ${file}；Ctrl-C 结束。`,
  }),
  moreLines: (count: number): Text => ({ en: `… and ${count} lines more`, zh: `……还有 ${count} 行` }),
  hint: (shown: number, all: number): Text => ({ en: `Hint ${shown} of ${all}`, zh: `提示 ${shown}/${all}` }),
  moreHints: { en: 'The same command gives one more.', zh: '再执行一次会多给一条。' },
  noMoreHints: {
    en: 'These were all. `-- solution` shows the whole.',
    zh: '就这些了。`-- solution` 显示完整的答案。',
  },
  yoursPassed: { en: 'Yours has passed as well.', zh: '你写的也已经通过。' },
  notPassedYet: {
    en: 'You have asked for it before passing: that is fine. Close it, and write yours from memory.',
    zh: '你在通过之前看了答案：没关系。合上它，凭记忆写出你自己的。',
  },
  resetKept: (file: string, kept: string): Text => ({
    en: `${file} is as new; what you wrote is in ${kept}`,
    zh: `${file} 已恢复原样；你写的内容保存在 ${kept}`,
  }),
  resetNew: (file: string): Text => ({ en: `${file} is as new`, zh: `${file} 是原样` }),
} as const;
