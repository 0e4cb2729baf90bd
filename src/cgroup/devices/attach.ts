import type { DeviceRule } from '../../oci/runtime-spec.ts';
import { call, close, open, store } from '../../syscalls/calls.ts';
import { bytes, str, struct } from '../../syscalls/data.ts';
import { type Step, slot } from '../../syscalls/step.ts';
import {
  BPF_CGROUP_DEVICE,
  BPF_COMMAND,
  BPF_F_ALLOW_MULTI,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  O,
} from '../../syscalls/uapi/flags.ts';
import { compileDeviceRules } from './compile.ts';
import { INSTRUCTION } from './ebpf.ts';

/** What `bpftool prog` shows; at most 15 bytes. */
const name = 'container_dev';

/**
 * Host section: the rules as a BPF program on the cgroup in `directory`, before a process is in it. The kernel asks the program at
 * each open and mknod of a device by a process of the group or of one below, and frees it with the group. Like runc we let
 * groups below add programs of their own (BPF_F_ALLOW_MULTI): a device may be used where all of them agree, so a container can
 * narrow its rules for containers of its own, and never widen them.
 *
 * No rules, or rules that refuse nothing, are no program. Needs Linux 4.15 and what bpf(2) asks for.
 */
export function deviceProgram(path: string, directory: string, rules: readonly DeviceRule[]): Step[] {
  const code = rules.length === 0 ? undefined : compileDeviceRules(rules);
  if (code === undefined) return [];
  const program = slot('device program');
  const group = slot('cgroup');
  const length = code.length / INSTRUCTION;
  const text = `[${length} BPF instructions]`;
  // union bpf_attr, as far as each command reads it.
  const load = struct(
    `{BPF_PROG_TYPE_CGROUP_DEVICE, insn_cnt=${length}, insns=${text}, license="MIT", prog_name="${name}"}`,
    { u32: BPF_PROG_TYPE_CGROUP_DEVICE },
    { u32: length },
    { pointer: bytes(code, text) },
    { pointer: str('MIT') },
    // log_level, log_size, log_buf, kern_version, prog_flags
    { pad: 24 },
    { bytes: new TextEncoder().encode(name.padEnd(16, '\0')) },
  );
  const attach = struct(
    '{cgroup, device program, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI}',
    { u32: 0 },
    { u32: 0 },
    { u32: BPF_CGROUP_DEVICE },
    { u32: BPF_F_ALLOW_MULTI },
  );
  const about = {
    lesson: 'cgroups' as const,
    group: `device rules of cgroup ${path}`,
    groupWhy: {
      en: 'no device may be opened but those that every program expects; any node may be made',
      zh: '只能打开每个程序都需要的那些设备；设备节点则可以随意创建，它只是一个名字',
    },
  };
  const both = {
    en: 'put the two descriptors into the arguments of the next call',
    zh: '把两个描述符填进下一个调用的参数',
  };
  const done = {
    en: 'close the descriptor: the group itself holds the program from here on',
    zh: '关闭描述符：从这里起，程序由组自己保持',
  };
  return [
    call('bpf', [BPF_COMMAND.BPF_PROG_LOAD, load, load.bytes.length], {
      ...about,
      why: {
        en: 'load the device rules as a program: the kernel checks that it ends and reads nothing else',
        zh: '把设备规则作为程序载入：内核会检查它必定结束，也不读别的内存',
      },
      save: program,
    }),
    open(directory, O.O_RDONLY, {
      ...about,
      why: { en: 'open the group that the rules are for', zh: '打开这些规则所针对的组' },
      save: group,
    }),
    store(group, attach, 0, 'u32', { ...about, why: both }),
    store(program, attach, 4, 'u32', { ...about, why: both }),
    call('bpf', [BPF_COMMAND.BPF_PROG_ATTACH, attach, attach.bytes.length], {
      ...about,
      why: {
        en: 'attach it: the kernel runs it at every open and mknod of a device in the group',
        zh: '挂上程序：组里的进程每次打开或创建设备，内核都会运行它',
      },
    }),
    close(group, { ...about, why: done }),
    close(program, { ...about, why: done }),
  ];
}
