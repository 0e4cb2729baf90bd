import type { Text } from '../text/language.ts';
import type { Result } from './logbook.ts';

/** What the labs' commands say. */
export const says = {
  usage: {
    en: `Usage: npm run lab [NUMBER|NAME] [zh|en]
       npm run lab NUMBER|NAME -- check|hint|answer|values|clean
       npm run lab -- name YOUR NAME
       npm run lab -- report [FILES…] [--csv|--json]

  npm run lab                      list the labs
  npm run lab 06                   begin or go on: the sheet with your values
  npm run lab 06 -- check          what the kernel says of your tasks
  npm run lab 06 -- hint           a hint for the first task that is not done,
                                   then one more; hint 3 is for task 3
  npm run lab 06 -- answer 5 eth0  answer a question of the sheet
  npm run lab 06 -- values         your values, as variables for a shell:
                                   eval "$(npm run -s lab 06 -- values)"
  npm run lab 06 -- clean          take away what it made; your result stays
  npm run lab -- name Li Lei       who you are: values and results bear it

  npm run -s lab 06 -- check --json > lab06.json     a file to hand in
  npm run -s lab -- report --json > all.json         the same of all your labs
  npm run lab -- report *.json                       a table of a class
  npm run -s lab -- report *.json --csv > class.csv  the same for a spreadsheet

npm keeps --help for itself: npm run lab -- --help`,
    zh: `用法：npm run lab [编号|名字] [zh|en]
      npm run lab 编号|名字 -- check|hint|answer|values|clean
      npm run lab -- name 你的名字
      npm run lab -- report [文件……] [--csv|--json]

  npm run lab                      列出所有实验
  npm run lab 06                   开始或继续一个实验：显示填好你的数值的实验单
  npm run lab 06 -- check          看内核怎么评判你的任务
  npm run lab 06 -- hint           给第一个未完成的任务一条提示，再执行一次
                                   多给一条；hint 3 指任务 3
  npm run lab 06 -- answer 5 eth0  回答实验单上的问题
  npm run lab 06 -- values         以 shell 变量给出你的数值：
                                   eval "$(npm run -s lab 06 -- values)"
  npm run lab 06 -- clean          清除本实验造出的一切；成绩保留
  npm run lab -- name 李雷         你是谁：数值和成绩都与名字有关

  npm run -s lab 06 -- check --json > lab06.json     用来上交的文件
  npm run -s lab -- report --json > all.json         自己全部实验的成绩
  npm run lab -- report *.json                       全班成绩表
  npm run -s lab -- report *.json --csv > class.csv  给电子表格用

--help 会被 npm 拿走，请写：npm run lab -- --help`,
  },
  labs: { en: 'Labs', zh: '实验' },
  lab: (number: string, title: string): Text => ({ en: `Lab ${number}: ${title}`, zh: `实验 ${number}：${title}` }),
  done: { en: 'all tasks done', zh: '全部完成' },
  partly: { en: 'begun, with the best result so far', zh: '已开始，附目前最好成绩' },
  notYet: { en: 'not begun', zh: '未开始' },
  youAre: (learner: string): Text => ({
    en: `You are ${learner}. \`npm run lab -- name YOUR NAME\` changes that; values of labs that you begin then are others.`,
    zh: `你是 ${learner}。用 \`npm run lab -- name 你的名字\` 修改；之后开始的实验会用另一组数值。`,
  }),
  unnamed: (learner: string): Text => ({
    en: `This result bears the name ${learner}. \`npm run lab -- name YOUR NAME\` puts yours in; then check again.`,
    zh: `这份成绩署名为 ${learner}。请用 \`npm run lab -- name 你的名字\` 写上自己的名字，再检查一次。`,
  }),
  named: (learner: string): Text => ({ en: `You are ${learner}.`, zh: `你是 ${learner}。` }),
  minutes: (minutes: number): Text => ({ en: `${minutes} min`, zh: `${minutes} 分钟` }),
  howTo: {
    en: '`npm run lab 06` begins a lab and shows its sheet, `npm run lab 06 -- check` says what is done, `-- clean` takes all away again; `npm run lab -- --help` says more.',
    zh: '`npm run lab 06` 开始一个实验并显示实验单，`npm run lab 06 -- check` 检查完成情况，`-- clean` 清除一切；更多说明见 `npm run lab -- --help`。',
  },
  noLab: (word: string): Text => ({ en: `no lab "${word}"`, zh: `没有“${word}”这个实验` }),
  severalLabs: (word: string, ids: readonly string[]): Text => ({
    en: `"${word}" means several labs: ${ids.join(', ')}`,
    zh: `“${word}”可以指好几个实验：${ids.join('、')}`,
  }),
  giveNumber: { en: 'give its number', zh: '请写编号' },
  listsThem: { en: '`npm run lab` lists them', zh: '`npm run lab` 会列出所有实验' },
  didYouMean: (word: string): Text => ({ en: `did you mean ${word}?`, zh: `是不是想写 ${word}？` }),
  whichLab: { en: 'which lab?', zh: '哪个实验？' },
  notUnderstood: (word: string): Text => ({ en: `"${word}" is not understood`, zh: `看不懂“${word}”` }),
  seeHelp: { en: '`npm run lab -- --help` says what there is', zh: '用法见 `npm run lab -- --help`' },
  notRoot: { en: 'labs make containers, which takes root', zh: '实验要创建容器，这需要 root' },
  useSudo: { en: 'run it with sudo', zh: '请用 sudo 运行' },
  notLinux: {
    en: 'labs talk to the Linux kernel, and this is another system',
    zh: '实验要和 Linux 内核打交道，而这是别的系统',
  },
  notBegun: (id: string): Text => ({ en: `lab ${id} is not begun here`, zh: `实验 ${id} 还没有在这里开始` }),
  cleanedUp: (id: string, day: string, best: Result | undefined): Text => ({
    en: `lab ${id} was cleaned up on ${day}; ${best ? `its result is kept: ${best.points} of ${best.of} points` : 'it was never checked'}`,
    zh: `实验 ${id} 已在 ${day} 清理；${best ? `成绩保留：${best.points}/${best.of} 分` : '还没有检查过'}`,
  }),
  beginsIt: (number: string): Text => ({
    en: `npm run lab ${number} begins it`,
    zh: `用 npm run lab ${number} 开始`,
  }),
  otherVersion: (id: string, begun: number, ours: number): Text => ({
    en: `lab ${id} was begun with version ${begun} of its sheet, and this is version ${ours}`,
    zh: `实验 ${id} 是用第 ${begun} 版实验单开始的，现在是第 ${ours} 版`,
  }),
  beginsItAnew: (number: string): Text => ({
    en: `npm run lab ${number} -- clean, then npm run lab ${number}`,
    zh: `先 npm run lab ${number} -- clean，再 npm run lab ${number}`,
  }),
  noQuestion: (task: number): Text => ({ en: `task ${task} asks for no answer`, zh: `任务 ${task} 不需要回答` }),
  questions: (tasks: readonly number[]): Text => ({
    en:
      tasks.length === 0 ? 'this lab asks for none: check looks at what you did' : `tasks that do: ${tasks.join(', ')}`,
    zh: tasks.length === 0 ? '这个实验没有要回答的问题：check 看的是你做了什么' : `需要回答的任务：${tasks.join('、')}`,
  }),
  emptyAnswer: { en: 'there is no answer behind the number of the task', zh: '任务编号后面没有写答案' },
  answered: (number: string, task: number, text: string): Text => ({
    en: `Task ${task}: "${text}" is noted. \`npm run lab ${number} -- check\` says what the kernel thinks of it.`,
    zh: `任务 ${task}：已记下“${text}”。用 \`npm run lab ${number} -- check\` 看内核怎么说。`,
  }),
  noAnswer: { en: 'there is no answer yet', zh: '还没有回答' },
  howToAnswer: (number: string, task: number, what: Text): Text => ({
    en: `npm run lab ${number} -- answer ${task} ${what.en}`,
    zh: `npm run lab ${number} -- answer ${task} ${what.zh}`,
  }),
  cannotLook: { en: 'this could not be looked at', zh: '无法查看' },
  goOn: (number: string): Text => ({
    en: `\`npm run lab ${number} -- check\` says what is done, \`-- hint\` helps, \`-- clean\` takes all away.`,
    zh: `\`npm run lab ${number} -- check\` 检查完成情况，\`-- hint\` 给提示，\`-- clean\` 清除一切。`,
  }),
  task: (number: number, points: number, of: number): Text => ({
    en: `Task ${number} (${points} of ${of})`,
    zh: `任务 ${number}（${points}/${of} 分）`,
  }),
  points: (points: number, of: number): Text => ({ en: `${points} of ${of} points`, zh: `${points}/${of} 分` }),
  allDone: (number: string): Text => ({
    en: `All tasks are done. \`npm run -s lab ${number} -- check --json > lab${number}.json\` makes the file that you hand in, \`npm run lab ${number} -- clean\` takes all away.`,
    zh: `任务全部完成。\`npm run -s lab ${number} -- check --json > lab${number}.json\` 生成用来上交的文件，\`npm run lab ${number} -- clean\` 清除一切。`,
  }),
  better: (points: number): Text => ({
    en: `Your best result, ${points} points, stays.`,
    zh: `你最好的成绩 ${points} 分仍然保留。`,
  }),
  hint: (task: number, shown: number, all: number): Text => ({
    en: `Task ${task}: hint ${shown} of ${all}`,
    zh: `任务 ${task}：提示 ${shown}/${all}`,
  }),
  moreHints: { en: 'The same command gives one more.', zh: '再执行一次会多给一条。' },
  noMoreHints: { en: 'These were all.', zh: '就这些了。' },
  nothingToHint: { en: 'All tasks are done.', zh: '任务全部完成了。' },
  noTask: (task: string, count: number): Text => ({
    en: `no task "${task}"; tasks are 1 to ${count}`,
    zh: `没有任务“${task}”；任务编号是 1 到 ${count}`,
  }),
  cleaned: (id: string): Text => ({ en: `Lab ${id} is cleaned up.`, zh: `实验 ${id} 已清理。` }),
  alreadyClean: (id: string): Text => ({ en: `Lab ${id} has nothing here.`, zh: `实验 ${id} 在这里没有任何东西。` }),
  filesKept: (folder: string): Text => ({ en: `Your files are in ${folder}.`, zh: `你的文件保存在 ${folder}。` }),
  emptyName: { en: 'there is no name behind `name`', zh: '`name` 后面没有写名字' },
  report: {
    learner: { en: 'learner', zh: '姓名' },
    total: { en: 'total', zh: '总分' },
    fullMarks: { en: 'points of 100 a lab', zh: '每个实验满分 100' },
    counts: (files: number, results: number, learners: number): Text => ({
      en: `files: ${files} · results: ${results} · learners: ${learners}`,
      zh: `文件 ${files} 个 · 成绩 ${results} 份 · 学生 ${learners} 人`,
    }),
    none: { en: 'There are no results yet.', zh: '还没有成绩。' },
    unreadable: (file: string, why: string): Text => ({
      en: `${file}: left out: ${{ ENOENT: 'there is no such file', EISDIR: 'this is a folder' }[why] ?? `it cannot be read (${why})`}`,
      zh: `${file}：未计入：${{ ENOENT: '没有这个文件', EISDIR: '这是一个目录' }[why] ?? `无法读取（${why}）`}`,
    }),
    empty: (file: string): Text => ({
      en: `${file}: left out: it is empty: the command that should have written it failed; the learner's terminal says why`,
      zh: `${file}：未计入：文件是空的，说明生成它的命令失败了，原因显示在学生的终端上`,
    }),
    noResults: (file: string): Text => ({
      en: `${file}: left out: these are no results of a lab; \`npm run -s lab 06 -- check --json > lab06.json\` makes such a file`,
      zh: `${file}：未计入：里面不是实验成绩；\`npm run -s lab 06 -- check --json > lab06.json\` 生成这样的文件`,
    }),
    newer: (file: string, format: number, ours: number): Text => ({
      en: `${file}: left out: its format is ${format}, and this minidock reads ${ours}: update this one`,
      zh: `${file}：未计入：格式是 ${format}，这个 minidock 只能读 ${ours}，请更新它`,
    }),
    otherVersion: (lab: string, theirs: number, ours: number, learners: readonly string[]): Text => ({
      en: `* ${lab}: version ${theirs} of the lab, here it is version ${ours}: ${learners.join(', ')}`,
      zh: `* ${lab}：做的是第 ${theirs} 版，这里是第 ${ours} 版：${learners.join('、')}`,
    }),
    unknownLab: (lab: string, learners: readonly string[]): Text => ({
      en: `* ${lab}: there is no such lab here: ${learners.join(', ')}`,
      zh: `* ${lab}：这里没有这个实验：${learners.join('、')}`,
    }),
    shared: (learner: string, machines: number): Text => ({
      en: `${learner}: results from ${machines} machines have this name, and of each lab the best counts; two learners must be told apart by \`npm run lab -- name\``,
      zh: `${learner}：有 ${machines} 台机器的成绩都用这个名字，每个实验只计最好的一份；如果是不同的学生，请各自用 \`npm run lab -- name\` 写上名字`,
    }),
    copied: (labs: readonly string[], learners: readonly string[]): Text => ({
      en: `${labs.join(', ')}: ${learners.join(', ')} have the same values: one result is the other's`,
      zh: `${labs.join('、')}：${learners.join('、')} 的数值相同：其中一份是另一份的副本`,
    }),
  },
} as const;
