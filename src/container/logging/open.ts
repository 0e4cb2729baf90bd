import { open } from '../../syscalls/calls.ts';
import { str } from '../../syscalls/data.ts';
import { type Slot, type Step, type Supervise, slot } from '../../syscalls/step.ts';
import { O } from '../../syscalls/uapi/flags.ts';
import type { Rotation } from './config.ts';
import { jsonFileForms, type RecordForms } from './form.ts';

/** The log of a process: where its supervisor writes the output. */
export interface LogFile {
  /** The file. Absent where nothing is kept (exec). */
  log?: string;
  /** The records of that. Default: those of `json-file` without attributes. */
  forms?: RecordForms;
  /** When the file is rotated, and the command that compresses the old one. Absent: the file grows. */
  rotation?: Rotation & { packer: readonly string[] };
}

/** The part of `Supervise` about the log. */
export type LogRoles = Pick<Supervise, 'formStdout' | 'formStderr' | 'logSize'> & { log?: Slot };

export function openLogFile({ log: file, forms = jsonFileForms(), rotation }: LogFile): {
  host: Step[];
  log: LogRoles;
} {
  if (file === undefined) return { host: [], log: {} };
  const log = slot('log');
  const about = {
    why: { en: 'open the log, which keeps what the container prints', zh: '打开日志，保存容器打印的内容' },
    lesson: 'supervisor' as const,
    group: 'log',
  };
  return {
    host: [open(file, O.O_CREAT | O.O_WRONLY | O.O_APPEND, { ...about, save: log }, 0o640)],
    log: {
      log,
      formStdout: str(forms.stdout),
      formStderr: str(forms.stderr),
      ...(rotation && { logSize: rotation.maxSize }),
    },
  };
}
