import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { readCgroupLayout } from '../../host/cgroup-layout.ts';
import { systemProgram } from '../../host/programs.ts';
import { closedBy } from '../rootless/locks.ts';
import type { Text } from '../text/language.ts';

/** What a lesson needs of the machine. */
export type Requirement = 'root' | 'uts' | 'pid' | 'mnt' | 'ipc' | 'net' | 'user' | 'overlay' | 'cgroups' | Tool;

/** The reason why a requirement is not met and what to do, or undefined where it is. */
export function missing(requirement: Requirement): Text | undefined {
  switch (requirement) {
    case 'root':
      if (process.platform !== 'linux')
        return {
          en: 'This lesson talks to the Linux kernel. Use a Linux machine or VM.',
          zh: '本课要和 Linux 内核打交道，请在 Linux 机器或虚拟机里运行。',
        };
      if (process.getuid?.() !== 0)
        return {
          en: 'This lesson needs root: new namespaces and mounts ask for CAP_SYS_ADMIN. Run it with sudo.',
          zh: '本课需要 root：新建命名空间和挂载都要求 CAP_SYS_ADMIN。请用 sudo 运行。',
        };
      return undefined;
    case 'user': {
      const setting = closedBy();
      if (setting === undefined && fs.existsSync('/proc/self/ns/user')) return undefined;
      return {
        en: `This machine gives ordinary users no user namespaces. ${setting ? `Allow them: \`sysctl ${setting}\`.` : 'Its kernel has none.'}`,
        zh: `这台机器不让普通用户创建用户命名空间。${setting ? `可以放开：\`sysctl ${setting}\`。` : '它的内核没有这个功能。'}`,
      };
    }
    case 'overlay':
      if (hasOverlay()) return undefined;
      return {
        en: 'This kernel has no overlay file system. Try `modprobe overlay`.',
        zh: '这个内核没有 overlay 文件系统，请试试 `modprobe overlay`。',
      };
    case 'cgroups': {
      const { hierarchies } = readCgroupLayout();
      const lacking = ['memory', 'pids'].filter(name => !hierarchies.some(one => one.controllers.includes(name)));
      if (lacking.length === 0) return undefined;
      return {
        en: `No cgroup controller ${lacking.join(', ')} is mounted here. Install cgroupfs-mount, or boot with systemd and without cgroup_disable=memory.`,
        zh: `这里没有挂载 cgroup 控制器 ${lacking.join('、')}。请安装 cgroupfs-mount，或者用 systemd 启动，并且不要带 cgroup_disable=memory。`,
      };
    }
    default:
      if (isTool(requirement)) return missingTool(requirement);
      if (fs.existsSync(`/proc/self/ns/${requirement}`)) return undefined;
      return {
        en: `This kernel has no ${requirement} namespaces (/proc/self/ns/${requirement} is missing).`,
        zh: `这个内核没有 ${requirement} 命名空间（缺少 /proc/self/ns/${requirement}）。`,
      };
  }
}

/** Programs that lessons use, each with what will do, and the packages of Debian and of Red Hat that have it. */
const tools = {
  ip: { anyOf: ['ip'], packages: ['iproute2', 'iproute'] },
  iptables: { anyOf: ['iptables-restore'], packages: ['iptables', 'iptables'] },
  ps: { anyOf: ['ps'], packages: ['procps', 'procps-ng'] },
  ping: { anyOf: ['ping', 'busybox'], packages: ['iputils-ping', 'iputils'] },
  busybox: { anyOf: ['busybox'], packages: ['busybox-static', 'busybox'] },
  tcpdump: { anyOf: ['tcpdump'], packages: ['tcpdump', 'tcpdump'] },
  curl: { anyOf: ['curl'], packages: ['curl', 'curl'] },
  unshare: { anyOf: ['unshare'], packages: ['util-linux', 'util-linux'] },
} as const;

/** A program of the system that a lesson or a lab uses. */
export type Tool = keyof typeof tools;

const isTool = (requirement: Requirement): requirement is Tool => Object.hasOwn(tools, requirement);

/** What to install where a program is not there; undefined where it is. */
export function missingTool(name: Tool): Text | undefined {
  const { anyOf, packages } = tools[name];
  if (anyOf.some(program => systemProgram(program) !== undefined)) return undefined;
  const install = `apt-get install ${packages[0]}`;
  const other = `yum install ${packages[1]}`;
  return {
    en: `${anyOf.join(' or ')} is used here, and is not installed: \`${install}\` or \`${other}\`.`,
    zh: `这里要用到 ${anyOf.join(' 或 ')}，但没有安装：\`${install}\` 或 \`${other}\`。`,
  };
}

function hasOverlay(): boolean {
  const listed = () => /\toverlay$/m.test(fs.readFileSync('/proc/filesystems', 'utf8'));
  if (listed()) return true;
  const modprobe = systemProgram('modprobe');
  if (modprobe === undefined) return false;
  try {
    execFileSync(modprobe, ['overlay'], { stdio: 'ignore' });
  } catch {
    return false;
  }
  return listed();
}
