import type { Language } from './language.ts';

/** What lessons find and say in words of their own. */
export const chinese: Readonly<Record<string, string>> = {
  yes: '是',
  no: '否',
  there: '有',
  gone: '没有了',
  'in reach': '够得到',
  none: '没有',
  some: '有',
  full: '全部',
  empty: '空',
  'not empty': '非空',
  unknown: '未知',
  read: '读到了',
  refused: '被拒绝',
  written: '写入了',
  changed: '变了',
  'as it was': '原样',
  runs: '在运行',
  ended: '已结束',
  'runs, nothing pending': '在运行，没有待处理的信号',
  'runs, SIGTERM pending': '在运行，SIGTERM 待处理',
  locked: '已加锁',
  free: '没有锁',
  answers: '有应答',
  'does not answer': '没有应答',
  heard: '收到了',
  'not heard': '没有收到',
  silence: '没有回应',
  'a byte to read': '可以读到的一个字节',
  cache: '用缓存',
  anew: '重新执行',
  'overlay, the host’s': 'overlay（宿主机的）',
};

/** What was found, in the learner's language: words of the course are translated, the kernel's own stay as they are. */
export function inWords(found: string, language: Language): string {
  return language === 'zh' ? (chinese[found] ?? found) : found;
}
