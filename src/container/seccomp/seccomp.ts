import type { Seccomp } from '../../oci/runtime-spec.ts';
import { call } from '../../syscalls/calls.ts';
import { bytes, struct } from '../../syscalls/data.ts';
import type { Step } from '../../syscalls/step.ts';
import { PR, SECCOMP } from '../../syscalls/uapi/flags.ts';
import type { Architecture } from '../../syscalls/uapi/numbers.ts';
import { compileSeccomp } from './compile.ts';

/**
 * The step from which on every system call of the process, and of all it will ever start, is judged by `profile`.
 * Child section, before the capabilities go: without CAP_SYS_ADMIN the kernel takes a filter only from a process that
 * has given up set-uid programs (PR_SET_NO_NEW_PRIVS). All later steps must be calls that the profile allows.
 */
export function seccomp(profile: Seccomp, host: { arch: Architecture; features: { seccomp: boolean } }): Step[] {
  const code = compileSeccomp(profile, host.arch);
  const length = code.length / 8;
  const text = `[${length} BPF instructions]`;
  const program = struct(
    `{len=${length}, filter=${text}}`,
    { u16: length },
    { pad: 6 },
    { pointer: bytes(code, text) },
  );
  const about = {
    why: {
      en: 'calls that no container needs fail from here on: their kernel code is out of reach',
      zh: '容器用不到的系统调用从这里起都会失败，背后的内核代码也就够不到了',
    },
    lesson: 'capabilities-and-seccomp' as const,
  };
  return [
    host.features.seccomp
      ? call('seccomp', [SECCOMP.SECCOMP_SET_MODE_FILTER, 0, program], about)
      : call('prctl', [PR.PR_SET_SECCOMP, SECCOMP.SECCOMP_MODE_FILTER, program, 0, 0], about),
  ];
}
