import fs from 'node:fs';
import { MinidockError } from '../../errors.ts';

/** What `--security-opt` asks for. */
export interface Confinement {
  noNewPrivileges: boolean;
  /** `unconfined`, or a profile in Docker's JSON. Missing is the default profile. */
  seccomp?: string;
  /** A profile's name. */
  apparmor?: string;
}

const truths: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map(word => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map(word => [word, false] as const),
]);

/**
 * Reads options as Docker's daemon does: `key=value`, or the older `key:value`. Where a key is given several times the last
 * counts. SELinux labels have no effect here, as on a host without SELinux.
 *
 * @throws {MinidockError} `invalid-security-option`
 */
export function readSecurityOptions(options: readonly string[] = []): Confinement {
  const wanted: Confinement = { noNewPrivileges: false };
  for (const option of options) {
    if (option === 'no-new-privileges') {
      wanted.noNewPrivileges = true;
      continue;
    }
    const [, key, value] = /^([^=]*?)=(.*)$/s.exec(option) ?? /^([^:]*):(.*)$/s.exec(option) ?? [];
    if (key === 'seccomp') wanted.seccomp = value;
    else if (key === 'apparmor') wanted.apparmor = value;
    else if (key === 'no-new-privileges' && Object.hasOwn(truths, value!)) wanted.noNewPrivileges = truths[value!]!;
    else if (key !== 'label') throw invalid(option);
  }
  if (wanted.apparmor && wanted.apparmor !== 'unconfined' && hasAppArmor())
    throw new MinidockError(
      'invalid-security-option',
      `the AppArmor profile ${JSON.stringify(wanted.apparmor)} cannot be applied: minidock knows no AppArmor, which this host has`,
      { fix: 'leave it out: the container is confined by capabilities and seccomp' },
    );
  return wanted;
}

/** On a host without AppArmor Docker ignores the profile, too. */
const hasAppArmor = () => {
  try {
    return fs.readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').startsWith('Y');
  } catch {
    return false;
  }
};

function invalid(option: string): MinidockError {
  const shown = option.length > 60 ? `${option.slice(0, 60)}…` : option;
  return new MinidockError('invalid-security-option', `invalid --security-opt: ${JSON.stringify(shown)}`, {
    fix: 'there are seccomp=FILE, seccomp=unconfined, no-new-privileges, systempaths=unconfined, apparmor=…, label=…',
  });
}
