import type { NamespaceOptions } from '../../../../container/options/namespaces.ts';
import type { SecurityOptions } from '../../../../container/options/security.ts';
import { readCapability } from '../../../../container/rights/capability-names.ts';
import { checkDevice, readDeviceRule } from '../../../../container/rights/devices.ts';
import { readMode } from '../../../../container/rights/namespace-modes.ts';
import { readSysctl } from '../../../../container/rights/sysctls.ts';
import { MinidockError } from '../../../../errors.ts';
import { maskedPaths, readonlyPaths } from '../../../../host/hidden-paths.ts';
import { reading } from '../../reading.ts';
import type { RightsBody } from './body.ts';

/** What a container may do. @throws {MinidockError} `invalid-argument`, in Docker's words */
export function securityOf(host: RightsBody): SecurityOptions {
  if (host.DeviceRequests && host.DeviceRequests.length > 0)
    throw new MinidockError('invalid-argument', 'could not select device driver: there are none here', {
      fix: 'leave DeviceRequests out (--gpus), and give devices by their paths (--device)',
    });
  return reading(() => {
    for (const rule of host.DeviceCgroupRules ?? []) readDeviceRule(rule);
    const devices = (host.Devices ?? []).map(({ PathOnHost = '', PathInContainer, CgroupPermissions }) =>
      checkDevice({
        pathOnHost: PathOnHost,
        pathInContainer: PathInContainer || PathOnHost,
        permissions: CgroupPermissions || 'rwm',
      }),
    );
    return {
      ...(host.ReadonlyRootfs && { readonlyRootfs: true }),
      ...(host.Privileged && { privileged: true }),
      ...some('capAdd', (host.CapAdd ?? []).map(readCapability)),
      ...some('capDrop', (host.CapDrop ?? []).map(readCapability)),
      ...some('devices', devices),
      ...some('deviceCgroupRules', host.DeviceCgroupRules),
      ...some('groupAdd', host.GroupAdd),
      ...some('securityOpt', host.SecurityOpt),
      ...(isUnconfined(host) && { unconfinedPaths: true }),
    };
  });
}

/** Which namespaces it shares. @throws {MinidockError} `invalid-argument`, in Docker's words */
export function namespacesOf(host: RightsBody, domainname: string | undefined): NamespaceOptions {
  return reading(() => {
    const modes = {
      pidMode: readMode('pid', host.PidMode ?? ''),
      ipcMode: readMode('ipc', host.IpcMode ?? ''),
      utsMode: readMode('uts', host.UTSMode ?? ''),
      usernsMode: readMode('userns', host.UsernsMode ?? ''),
      cgroupnsMode: readMode('cgroupns', host.CgroupnsMode ?? ''),
    };
    const sysctls = Object.entries(host.Sysctls ?? {}).map(([name, value]) => readSysctl(`${name}=${value}`));
    return {
      ...Object.fromEntries(Object.entries(modes).filter(([, mode]) => mode !== undefined)),
      ...(domainname && { domainname }),
      ...(sysctls.length > 0 && { sysctls: Object.fromEntries(sysctls) }),
    };
  });
}

/**
 * As Docker's client sends `systempaths=unconfined`: no path is hidden, none is read-only. Null is Docker's default, which may also be
 * written out; other lists there are none.
 */
function isUnconfined({ MaskedPaths: masked, ReadonlyPaths: readonly }: RightsBody): boolean {
  if (masked?.length === 0 && readonly?.length === 0) return true;
  if (masked) checkPaths('MaskedPaths', masked, maskedPaths);
  if (readonly) checkPaths('ReadonlyPaths', readonly, readonlyPaths);
  return false;
}

function checkPaths(name: string, given: readonly string[], own: readonly string[]): void {
  const [wrong] = [...given.filter(path => !own.includes(path)), ...own.filter(path => !given.includes(path))];
  if (wrong !== undefined)
    throw new MinidockError('invalid-argument', `${name}: ${wrong} cannot be chosen on its own`, {
      fix: 'leave MaskedPaths and ReadonlyPaths out for the default, or make both empty for none',
    });
}

const some = <K extends string, T>(name: K, list: readonly T[] | null | undefined) =>
  list && list.length > 0 ? ({ [name]: [...list] } as { [N in K]: T[] }) : {};
