import type { DeviceRule } from '../oci/runtime-spec.ts';
import { call, close, open } from '../syscalls/calls.ts';
import { lengthOf, text } from '../syscalls/data.ts';
import { type Step, slot } from '../syscalls/step.ts';
import type { Text } from '../syscalls/text/language.ts';
import { O } from '../syscalls/uapi/flags.ts';
import { missing, mounting } from './missing.ts';

const lesson = 'cgroups' as const;

const devicesWhy = {
  en: 'no device may be opened but those that every program expects; any node may be made',
  zh: '只能打开每个程序都需要的那些设备；设备节点则可以随意创建，它只是一个名字',
};

/** A rule for `m` alone is about mknod(2); `r` and `w` are about opening. */
function whyOf({ allow, type = 'a', access }: DeviceRule): Text {
  if (!allow)
    return {
      en: 'no device may be opened and no node made, unless a later rule allows it',
      zh: '不能打开任何设备，也不能创建设备节点，除非后面的规则允许',
    };
  if (type === 'a' && access === 'rwm')
    return {
      en: 'every device may be opened and every node made: the container is privileged',
      zh: '可以打开所有设备，也可以创建所有设备节点：这是特权容器',
    };
  if (access === 'm')
    return {
      en: 'allow to make a node of any device: without a rule for the device it cannot be opened',
      zh: '允许创建任意设备的节点：没有针对该设备的规则，它就打不开',
    };
  return { en: 'allow a device that every program may expect to open', zh: '允许一个设备：每个程序都可能要打开它' };
}

/** The rules in order, one write(2) each, as the kernel wants them; each file stays open for a run of rules. */
export function deviceRules(path: string, rules: readonly DeviceRule[], mountpoint: string | undefined): Step[] {
  if (rules.length === 0) return [];
  if (mountpoint === undefined) throw missing('devices', 'keep devices from the container', mounting('devices'));
  const steps: Step[] = [];
  for (let i = 0; i < rules.length; ) {
    const { allow } = rules[i]!;
    const name = allow ? 'devices.allow' : 'devices.deny';
    const fd = slot(name);
    const group = { lesson, group: `device rules of cgroup ${path}`, groupWhy: devicesWhy };
    const about = { ...group, why: whyOf({ allow, type: rules[i]!.type, access: 'rwm' }) };
    steps.push(open(`${mountpoint}${path}/${name}`, O.O_WRONLY, { ...about, save: fd }));
    for (; rules[i]?.allow === allow; i++) {
      for (const line of deviceRule(rules[i]!)) {
        const data = text(line);
        steps.push(call('write', [fd, data, lengthOf(data)], { ...group, why: whyOf(rules[i]!) }));
      }
    }
    steps.push(close(fd, about));
  }
  return steps;
}

/**
 * `c 1:3 rwm`; a rule for everything is `a`. After an `a` the kernel ignores what follows and takes it as everything: what is
 * about both types and not about everything is a rule for each.
 */
function deviceRule({ type = 'a', major, minor, access }: DeviceRule): string[] {
  const rest = `${major ?? '*'}:${minor ?? '*'} ${access}`;
  if (type !== 'a') return [`${type} ${rest}`];
  const isNarrow = major !== undefined || minor !== undefined || [...'rwm'].some(letter => !access.includes(letter));
  return isNarrow ? [`c ${rest}`, `b ${rest}`] : ['a'];
}
