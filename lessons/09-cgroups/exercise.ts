import { mkdir, writeFile } from '../../src/syscalls/calls.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';
import { todo } from '../../src/workshop/exercise/todo.ts';

/** A group to be made. / 要建立的组。 */
export interface Group {
  /** Which version of cgroups this host has. / 这台宿主机是第几版 cgroup。 */
  readonly version: 1 | 2;
  /**
   * The group's directory for each of the two controllers. On version 2 they are one and the same.
   * 组在两个控制器下的目录。第 2 版里是同一个。
   */
  readonly memory: string;
  readonly pids: string;
  /** How many bytes, and how many processes, it may use. / 允许用多少字节、有多少进程。 */
  readonly bytes: number;
  readonly processes: number;
}

/** The directories of a group, each once. / 组的各个目录，每个只出现一次。 */
const directoriesOf = ({ memory, pids }: Group) => [...new Set([memory, pids])];

/**
 * Makes the group and sets its limits. Nobody is in it yet.
 * 建立组，设好限额。里面还没有进程。
 */
export const limitGroup = (group: Group): Step[] => {
  // mkdir(directory, 0o755, { why }) makes a directory; the kernel fills it with files.
  // mkdir(目录, 0o755, { why }) 建目录，内核会在里面放好文件。
  // writeFile(file, content, slot('…'), { why }) opens a file, writes the content and closes it: a list of three steps.
  // writeFile(文件, 内容, slot('…'), { why }) 打开、写入、关闭，返回三个步骤的列表。
  // The limit of memory has another name in each version; that of processes is pids.max in both.
  // 内存限额的文件名两版不同；进程数的都叫 pids.max。
  return todo();
};

/**
 * The process that performs these steps moves into the group, for both controllers.
 * 执行这些步骤的进程自己搬进组里，两个控制器都要。
 */
export const joinGroup = (group: Group): Step[] => {
  // The file cgroup.procs in each directory of the group takes a pid; "0" is the pid of whoever writes.
  // 组的每个目录里都有 cgroup.procs 文件，往里写 PID；写 "0" 就是写入者自己。
  return todo();
};
