import type { HostFacts } from '../../host/facts.ts';
import type { ContainerOptions } from '../record.ts';
import { allowedCapabilities } from './capability-names.ts';
import { deviceAccess } from './devices.ts';
import { checkModes } from './namespace-modes.ts';
import { checkNetworkMode } from './network-mode.ts';
import { seccompFor } from './seccomp.ts';
import { checkSysctls } from './sysctls.ts';

/**
 * Refuses, before anything is made, options that could not be applied at the start.
 *
 * @throws {MinidockError} of the kind `usage`
 */
export function checkRights(options: ContainerOptions, facts: HostFacts): void {
  checkModes(options, facts);
  checkNetworkMode(options);
  checkSysctls(options, options.network);
  const bounding = allowedCapabilities(options, facts.capabilities);
  if (options.securityOpt?.length) seccompFor(options, bounding, facts);
  if (options.devices?.length) deviceAccess({ devices: options.devices });
}
