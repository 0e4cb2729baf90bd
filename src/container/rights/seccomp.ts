import { MinidockError } from '../../errors.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Seccomp } from '../../oci/runtime-spec.ts';
import type { SecurityOptions } from '../options/security.ts';
import { compileSeccomp } from '../seccomp/compile.ts';
import { dockerSeccomp } from '../seccomp/docker-profile.ts';
import { defaultSeccomp } from '../seccomp/profile.ts';
import { readSecurityOptions } from './security-options.ts';

/**
 * The seccomp profile of a container: the one that was given, else none if it is privileged, else Docker's default.
 *
 * @param bounding its capabilities: the default profile allows the calls that they are for
 * @throws {MinidockError} `invalid-seccomp-profile`, `invalid-security-option`
 */
export function seccompFor(
  { privileged, securityOpt }: SecurityOptions,
  bounding: readonly string[],
  facts: HostFacts,
): Seccomp | undefined {
  const { seccomp } = readSecurityOptions(securityOpt);
  if (seccomp === 'unconfined') return undefined;
  if (seccomp) return checked(dockerSeccomp(seccomp, bounding, facts), facts);
  return privileged ? undefined : defaultSeccomp(bounding, facts);
}

/** Compiled once at creation, so that a profile that cannot be compiled is refused before anything is made. */
function checked(profile: Seccomp | undefined, { arch }: HostFacts): Seccomp | undefined {
  try {
    if (profile !== undefined) compileSeccomp(profile, arch);
    return profile;
  } catch (error) {
    throw new MinidockError('invalid-seccomp-profile', (error as Error).message, { cause: error });
  }
}
