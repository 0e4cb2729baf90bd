import { writeFile } from '../syscalls/calls.ts';
import { type Step, slot } from '../syscalls/step.ts';

/**
 * Child section, once /proc is mounted and before /proc/sys becomes read-only: the kernel settings of `linux.sysctl`
 * (OCI config-linux.md). The files below /proc/sys/net are those of the network namespace of whoever opens them.
 */
export function sysctls(settings: Readonly<Record<string, string>> = {}): Step[] {
  const about = {
    lesson: 'network-modes',
    group: 'kernel settings',
    groupWhy:
      'settings of its own network: low ports and ping need no rights there, and IPv6 is off until a network has it',
  } as const;
  return Object.entries(settings).flatMap(([name, value]) =>
    writeFile(`/proc/sys/${name.replaceAll('.', '/')}`, value, slot(name), {
      ...about,
      why: reasons[name] ?? `the kernel setting ${name} of its own namespaces`,
    }),
  );
}

const reasons: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start':
    'every user may listen on ports below 1024: they are ports of this network alone',
  'net.ipv4.ping_group_range': 'every group may open the sockets that ping uses, without CAP_NET_RAW',
  'net.ipv6.conf.all.disable_ipv6': 'no IPv6, also for interfaces to come: the networks of containers have none',
};
