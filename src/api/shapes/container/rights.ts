import { existsSync } from 'node:fs';
import type { NamespaceOptions } from '../../../container/options/namespaces.ts';
import type { SecurityOptions } from '../../../container/options/security.ts';
import { maskedPaths, readonlyPaths } from '../../../host/hidden-paths.ts';

/** The fields of `HostConfig` that tell what a container may do and what it shares. */
export function rightsOf(options: SecurityOptions & NamespaceOptions) {
  const { privileged = false, unconfinedPaths, devices = [] } = options;
  const paths = privileged ? null : unconfinedPaths ? [] : undefined;
  return {
    CapAdd: options.capAdd ?? null,
    CapDrop: options.capDrop ?? null,
    CgroupnsMode: options.cgroupnsMode ?? (existsSync('/proc/self/ns/cgroup') ? 'private' : 'host'),
    DeviceCgroupRules: options.deviceCgroupRules ?? null,
    Devices: devices.map(({ pathOnHost, pathInContainer, permissions }) => ({
      PathOnHost: pathOnHost,
      PathInContainer: pathInContainer,
      CgroupPermissions: permissions,
    })),
    GroupAdd: options.groupAdd ?? null,
    IpcMode: options.ipcMode ?? 'private',
    MaskedPaths: paths === undefined ? maskedPaths : paths,
    PidMode: options.pidMode ?? '',
    Privileged: privileged,
    ReadonlyPaths: paths === undefined ? readonlyPaths : paths,
    ReadonlyRootfs: options.readonlyRootfs ?? false,
    SecurityOpt: securityOptOf(options),
    ...(options.sysctls && { Sysctls: options.sysctls }),
    UTSMode: options.utsMode ?? '',
    UsernsMode: options.usernsMode ?? '',
  };
}

/** As in Docker: what shares so much with the host has no label of SELinux's either. */
function securityOptOf(options: SecurityOptions & NamespaceOptions) {
  const { securityOpt = [], privileged, unconfinedPaths, pidMode, ipcMode } = options;
  const isOpen = privileged || pidMode === 'host' || ipcMode === 'host';
  const isSaid = securityOpt.some(option => /^label[=:]/.test(option));
  const shown = isOpen && !isSaid ? [...securityOpt, 'label=disable'] : securityOpt;
  // Docker's client takes `systempaths=unconfined` out of the list, which stays.
  return shown.length === 0 && !unconfinedPaths ? null : shown;
}
