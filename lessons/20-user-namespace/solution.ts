import { writeFile } from '../../src/syscalls/calls.ts';
import { type Step, slot } from '../../src/syscalls/step.ts';

/**
 * In a user namespace that was just made: the ordinary user `uid` of the group `gid` is user 0 and group 0 in it.
 * 在刚创建的用户命名空间里：属于组 `gid` 的普通用户 `uid`，是里面的用户 0 和组 0。
 */
export const mapIds = (uid: number, gid: number): Step[] => {
  //> Three files of /proc/self are written, in an order that the kernel insists on. A line of a map is INSIDE OUTSIDE COUNT.
  //> `writeFile(file, content, slot('fd'), { why })` makes the steps for one file.
  //> 要写 /proc/self 下的三个文件，内核对次序有要求。映射的一行是“里面 外面 个数”。
  //> `writeFile(文件, 内容, slot('fd'), { why })` 生成写一个文件的步骤。
  const why = { en: 'become root of a user namespace', zh: '成为用户命名空间的 root' };
  return [
    ...writeFile('/proc/self/setgroups', 'deny', slot('setgroups'), { why }),
    ...writeFile('/proc/self/uid_map', `0 ${uid} 1`, slot('uid_map'), { why }),
    ...writeFile('/proc/self/gid_map', `0 ${gid} 1`, slot('gid_map'), { why }),
  ];
  //<
};
