import type { NamespaceOptions } from '../../container/options/namespaces.ts';
import type { DeviceMapping, SecurityOptions } from '../../container/options/security.ts';
import { readCapability } from '../../container/rights/capability-names.ts';
import { checkDevice, isDeviceMode, readDeviceRule } from '../../container/rights/devices.ts';
import { readMode } from '../../container/rights/namespace-modes.ts';
import { readSysctl } from '../../container/rights/sysctls.ts';
import { capabilityNames } from '../../syscalls/uapi/capabilities.ts';
import { byEngine, type FlagTable, many, single, text, toggle, type Values } from '../grammar/flags.ts';
import { securityOpt, toSecurityOpt } from './security-opt.ts';

const capabilities = ['ALL', ...capabilityNames.map(name => name.slice('CAP_'.length))];

const capability = (given: string) => byEngine('invalid-capability', () => readCapability(given));

/** The flags that say what a container may do. */
export const securityFlags = {
  'cap-add': many('list', capability, 'Give a capability: NET_ADMIN, or ALL', { completes: capabilities }),
  'cap-drop': many('list', capability, 'Take a capability away, or ALL', { completes: capabilities }),
  device: many('list', readDevice, 'Give a device of the host, or all in a directory: HOST[:CONTAINER][:rwm]', {
    completes: 'files',
  }),
  'device-cgroup-rule': many('list', deviceRule, 'Let devices be opened: "c 10:200 rwm", with * for any number'),
  'group-add': many('list', (group: string) => group, 'Add a group, by name or id'),
  privileged: toggle('Give all rights and devices that the host has, and hide nothing'),
  'read-only': toggle('Make the root file system read-only; volumes can be written to'),
  'security-opt': securityOpt,
} satisfies FlagTable;

export function toSecurityOptions(flags: Values<typeof securityFlags>): SecurityOptions {
  const given = <K extends keyof SecurityOptions>(
    name: K,
    list: NonNullable<SecurityOptions[K]> & readonly unknown[],
  ) => (list.length > 0 ? { [name]: list } : {});
  return {
    ...(flags['read-only'] && { readonlyRootfs: true }),
    ...(flags.privileged && { privileged: true }),
    ...given('capAdd', [...flags['cap-add']]),
    ...given('capDrop', [...flags['cap-drop']]),
    ...given('devices', [...flags.device]),
    ...given('deviceCgroupRules', [...flags['device-cgroup-rule']]),
    ...given('groupAdd', [...flags['group-add']]),
    ...toSecurityOpt(flags['security-opt']),
  };
}

const mode = (kind: Parameters<typeof readMode>[0]) => (given: string) => readMode(kind, given);

/** The flags that say which namespaces a container shares and what is set in its own. */
export const namespaceFlags = {
  cgroupns: single('string', mode('cgroupns'), 'Cgroup namespace: private or host', { completes: ['host', 'private'] }),
  domainname: text('Domain name inside'),
  ipc: single(
    'string',
    given => byEngine('invalid-namespace', () => readMode('ipc', given)),
    'IPC namespace: private, shareable, none, host or container:NAME',
    {
      completes: ['container:', 'host', 'none', 'private', 'shareable'],
    },
  ),
  pid: single('string', mode('pid'), 'PID namespace: host or container:NAME', { completes: ['container:', 'host'] }),
  sysctl: many('map', readSysctl, 'Set a kernel setting of its namespaces: NAME=VALUE'),
  userns: single('string', mode('userns'), 'User namespace: host', { completes: ['host'] }),
  uts: single('string', mode('uts'), 'UTS namespace: host', { completes: ['host'] }),
} satisfies FlagTable;

export function toNamespaceOptions(flags: Values<typeof namespaceFlags>): NamespaceOptions {
  return {
    ...(flags.pid && { pidMode: flags.pid }),
    ...(flags.ipc && { ipcMode: flags.ipc }),
    ...(flags.uts && { utsMode: flags.uts }),
    ...(flags.userns && { usernsMode: flags.userns }),
    ...(flags.cgroupns && { cgroupnsMode: flags.cgroupns }),
    ...(flags.domainname && { domainname: flags.domainname }),
    ...(flags.sysctl.length > 0 && { sysctls: Object.fromEntries(flags.sysctl) }),
  };
}

/** `HOST`, `HOST:CONTAINER`, `HOST:rwm`, `HOST:CONTAINER:rwm`. @throws {Error} in Docker's words */
function readDevice(given: string): DeviceMapping {
  const parts = given.split(':');
  const [pathOnHost = '', second = pathOnHost, third] = parts;
  if (parts.length > 3 || pathOnHost === '' || second === '') throw new Error(`bad format for path: ${given}`);
  const [pathInContainer, permissions = 'rwm'] =
    parts.length === 2 && isDeviceMode(second) ? [pathOnHost, second] : [second, third];
  return checkDevice({ pathOnHost, pathInContainer, permissions });
}

function deviceRule(given: string): string {
  readDeviceRule(given);
  return given;
}
