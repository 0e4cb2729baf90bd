import type { Text } from './language.ts';

/** What the runner itself says. */
export const words = {
  usage: {
    en: `Usage: npm run lesson [NUMBER|NAME] [--step] [--shell] [zh|en]
       npm run lesson NUMBER|NAME -- check|watch|hint|solution|reset

  npm run lesson               list the lessons
  npm run lesson 04            run one, by its number or name (or a part: pid)
  npm run lesson 04 --step     draw the state before each call; ! opens a shell
  npm run lesson 04 --shell    a shell inside what the lesson made
  npm run lesson 04 --lang zh  in Chinese (LANG works too; en is English)

  npm run lesson 04 -- check     check what you wrote in its exercise.ts
  npm run lesson 04 -- watch     check again whenever you save
  npm run lesson 04 -- hint      a hint, one more each time
  npm run lesson 04 -- solution  the kept solution (check --solution checks it)
  npm run lesson 04 -- reset     begin anew, what you wrote is kept aside
  npm run lesson -- reset all    begin all of them anew

npm keeps --help for itself: npm run lesson -- --help`,
    zh: `用法：npm run lesson [编号|名字] [--step] [--shell] [zh|en]
      npm run lesson 编号|名字 -- check|watch|hint|solution|reset

  npm run lesson               列出所有课程
  npm run lesson 04            运行一课：用编号或名字（pid-namespace、pid）
  npm run lesson 04 --step     每个系统调用之前画出当时的状态；! 打开一个 shell
  npm run lesson 04 --shell    在本课造出的环境里打开一个 shell
  npm run lesson 04 --lang zh  使用中文（也看 LANG；en 为英文）

  npm run lesson 04 -- check     检查你在 exercise.ts 里写的代码
  npm run lesson 04 -- watch     每次保存后重新检查
  npm run lesson 04 -- hint      给一条提示，每次多一条
  npm run lesson 04 -- solution  查看参考答案（check --solution 检查它）
  npm run lesson 04 -- reset     重新开始，你写的内容会另存
  npm run lesson -- reset all    所有练习都重新开始

--help 会被 npm 拿走，请写：npm run lesson -- --help`,
  },
  lessons: { en: 'Lessons', zh: '课程' },
  passed: { en: 'exercise passed', zh: '练习已通过' },
  seen: { en: 'seen to its end', zh: '看完了' },
  new: { en: 'not yet', zh: '还没看' },
  howToRun: {
    en: 'A number or a part of the name is enough: npm run lesson 04, npm run lesson pid. --step goes call by call, --shell lets you in, zh speaks Chinese; npm run lesson -- --help says more.',
    zh: '写编号或名字的一部分就够了：npm run lesson 04、npm run lesson pid。--step 逐个调用，--shell 进到里面，en 切换英文；更多说明见 npm run lesson -- --help。',
  },
  ignored: { en: 'not understood and ignored:', zh: '看不懂，已忽略：' },
  rootless: { en: 'Without root', zh: '没有 root 权限' },
  rootlessWhy: {
    en: 'You are not root. So the lesson runs in a user namespace in which you are: rights count there over all that it owns, and nowhere else. “The host” is then this namespace, too; what needs more rights than that is left out and named. These steps come first:',
    zh: '你不是 root。所以本课在一个用户命名空间里运行，在那里你就是 root：权限只对归它所有的东西有效，出了它就无效。下文说的“宿主机”，指的就是这个命名空间；需要更多权限的部分会跳过并说明。先做这几步：',
  },
  noUserNamespace: {
    en: 'This lesson needs root, or a user namespace, and this machine gives ordinary users none:',
    zh: '本课需要 root，或者用户命名空间，而这台机器不让普通用户创建：',
  },
  useSudo: { en: 'run it with sudo', zh: '请用 sudo 运行' },
  orAllow: { en: ', or allow it:', zh: '，或者放开限制：' },
  skippedHere: { en: 'Left out, because you are not root: ', zh: '已跳过，因为你不是 root：' },
  cannotRun: { en: 'This lesson cannot run here', zh: '本课无法在这里运行' },
  prediction: { en: 'Your prediction', zh: '先猜一猜' },
  chooseKey: { en: 'Press a number (Enter skips)', zh: '请按数字键（回车跳过）' },
  program: { en: 'The program, on the real kernel', zh: '程序：在真实的内核上运行' },
  demonstration: { en: 'The engine’s own functions, at work', zh: '引擎自己的函数在工作' },
  inParent: { en: 'in the parent', zh: '父进程中' },
  inChild: { en: 'in the child', zh: '子进程中' },
  inExec: { en: 'and the new program', zh: '换上新程序' },
  asBefore: { en: 'steps as before, up to', zh: '步与前面相同，直到' },
  alike: { en: 'more of the kind, up to', zh: '步同类，直到' },
  noReturn: { en: '(does not return: the process is another program now)', zh: '（不返回：进程已换成另一个程序）' },
  says: { en: 'It prints:', zh: '它的输出：' },
  evidence: { en: 'The kernel’s own evidence', zh: '内核自己的证据' },
  fact: { en: 'fact', zh: '事实' },
  host: { en: 'host', zh: '宿主机' },
  container: { en: 'container', zh: '容器' },
  same: { en: 'same', zh: '相同' },
  differs: { en: 'different', zh: '不同' },
  notAsClaimed: { en: 'NOT AS CLAIMED', zh: '与所述不符' },
  nothing: { en: '(no difference)', zh: '（没有差别）' },
  answer: { en: 'The answer', zh: '答案' },
  right: { en: 'You were right.', zh: '你猜对了。' },
  wrong: { en: 'You expected: ', zh: '你猜的是：' },
  notThis: { en: 'Why not: ', zh: '为什么不是——' },
  asMeant: { en: 'refused, as it should be', zh: '被拒绝，正如预期' },
  unexpected: { en: 'This was meant to fail and did not:', zh: '本该失败，却成功了：' },
  byHand: { en: 'By hand, as books show it', zh: '手工写法：书上的样子' },
  made: { en: 'The same here: the lines that made each step', zh: '这里的写法：每一步出自哪一行' },
  performed: {
    en: 'All of them are performed by these lines of C; the shim knows nothing else:',
    zh: '执行它们的是下面这几行 C；除此之外 shim 什么也不懂：',
  },
  comparison: { en: 'The same by other means', zh: '换一种办法再做一遍' },
  recap: { en: 'Looking back', zh: '回顾' },
  glossary: { en: 'New words', zh: '新词' },
  colon: { en: ': ', zh: '：' },
  staysSo: {
    en: 'This speaks English because you asked for it. So do later commands of this shell, after',
    zh: '这次用中文，是因为你要求了。要让这个 shell 里后面的命令也用中文，请输入',
  },
  summary: { en: 'What you have seen', zh: '你看到了什么' },
  readOn: { en: 'Read on', zh: '接着读' },
  readme: { en: 'the whole lesson, with things to try:', zh: '完整课文和动手练习：' },
  source: { en: 'the engine does the same in:', zh: '引擎里做同样事情的代码：' },
  command: { en: 'the engine’s own program:', zh: '引擎自己的程序：' },
  next: { en: 'next:', zh: '下一课：' },
  last: { en: 'This was the last lesson so far.', zh: '目前这是最后一课。' },
  goOn: { en: 'Enter: go on   q: quit', zh: '回车：继续   q：退出' },
  more: { en: '… Enter: more   q: quit', zh: '…… 回车：下一页   q：退出' },
  stepKeys: {
    en: 'Enter: do it   !: a shell beside it   c: run on to the end   q: quit',
    zh: '回车：执行   !：在旁边开一个 shell   c：一直运行到底   q：退出',
  },
  elsewhere: { en: 'in a second terminal: ', zh: '在另一个终端里：' },
  besideHello: {
    en: 'A shell on the host. The process stands still beside it: $PID is {pid}. `exit` comes back.',
    zh: '这是宿主机上的 shell。进程就停在旁边：$PID 是 {pid}。输入 `exit` 返回。',
  },
  unchanged: { en: 'nothing visible changed', zh: '没有可见的变化' },
  noShell: {
    en: 'this lesson makes no process to be in: run it without --shell',
    zh: '本课没有造出可以进去的进程：请不带 --shell 运行',
  },
  shellHello: {
    en: 'You are inside. Look around; `exit` leaves and cleans up.',
    zh: '你已经在里面了。四处看看；`exit` 退出并清理。',
  },
  shellBye: { en: 'You are out; nothing is left of it.', zh: '你已经出来了，里面的一切都已消失。' },
  quit: { en: 'Stopped and cleaned up.', zh: '已停止并清理干净。' },
} as const satisfies Record<string, Text>;
