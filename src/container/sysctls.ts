import { MinidockError } from '../errors.ts';
import { writeFile } from '../syscalls/calls.ts';
import type { StepError } from '../syscalls/failure.ts';
import { type Step, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';

/**
 * Child section, once /proc is mounted and before /proc/sys becomes read-only: the kernel settings of `linux.sysctl`
 * (OCI config-linux.md). The files below /proc/sys/net are those of the network namespace of whoever opens them.
 */
export function sysctls(settings: Readonly<Record<string, string>> = {}): Step[] {
  const about = {
    lesson: 'network-modes',
    group: 'kernel settings',
    groupWhy: Object.keys(settings).every(name => name.startsWith('net.'))
      ? {
          en: 'settings of the network namespace: low ports and ping for every user, and no IPv6',
          zh: '网络命名空间的内核参数：所有用户都能用低端口和 ping，关闭 IPv6',
        }
      : {
          en: "settings of the container's own namespaces, also those that were asked for",
          zh: '容器自己的命名空间里的内核参数，包括用户要求的',
        },
  } as const;
  return Object.entries(settings).flatMap(([name, value]) =>
    writeFile(`/proc/sys/${name.replaceAll('.', '/')}`, value, slot(name), {
      ...about,
      why: reasons[name] ?? {
        en: `set ${name}, a kernel setting of the container's namespaces`,
        zh: `设置 ${name}，这是容器的命名空间里的内核参数`,
      },
    }),
  );
}

const obstacles: Record<string, string> = {
  ENOENT: 'the kernel has no such setting in the namespaces of a container',
  EINVAL: 'the kernel does not accept this value',
  ERANGE: 'the kernel does not accept this value',
  EACCES: 'the kernel lets nobody change it here',
  EPERM: 'the kernel lets nobody change it here',
};

/** The user's error where one of the steps above failed; undefined for other steps. */
export function sysctlError(
  settings: Readonly<Record<string, string>> = {},
  { step, errno }: Pick<StepError, 'step' | 'errno'>,
): MinidockError | undefined {
  if (step.group !== 'kernel settings' || step.op !== 'syscall') return undefined;
  const fd = step.save ?? step.args.find(arg => typeof arg === 'object' && arg.kind === 'saved');
  const name = fd?.name ?? '';
  return new MinidockError(
    'invalid-sysctl',
    `cannot set the sysctl ${JSON.stringify(name)} to ${JSON.stringify(settings[name] ?? '')}: ${obstacles[errno] ?? errno}`,
  );
}

const reasons: Readonly<Record<string, Text>> = {
  'net.ipv4.ip_unprivileged_port_start': {
    en: 'every user may listen on ports below 1024: they belong to this network alone',
    zh: '每个用户都可以监听 1024 以下的端口：它们只属于这个网络',
  },
  'net.ipv4.ping_group_range': {
    en: 'every group may open the ICMP sockets of ping without CAP_NET_RAW',
    zh: '每个组都可以打开 ping 用的 ICMP 套接字，不需要 CAP_NET_RAW',
  },
  'net.ipv6.conf.all.disable_ipv6': {
    en: 'turn IPv6 off, also for later interfaces: the networks of containers have none',
    zh: '关闭 IPv6，以后新增的接口也一样：容器网络没有 IPv6',
  },
};
