import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CapabilityName, capabilityNames } from '../../syscalls/uapi/capabilities.ts';
import { defaultCapabilities } from '../process/capabilities.ts';
import { allowedCapabilities, readCapability } from './capability-names.ts';
import { deviceAccess, readDeviceRule } from './devices.ts';
import { readSecurityOptions } from './security-options.ts';
import { checkSysctls, readSysctl } from './sysctls.ts';

const everything = new Set(capabilityNames);

test('names of capabilities: any case, with and without CAP_, unknown ones refused', () => {
  for (const given of ['net_admin', 'NET_ADMIN', 'cap_net_admin', 'CAP_NET_ADMIN'])
    assert.is(readCapability(given), 'CAP_NET_ADMIN');
  assert.is(readCapability('all'), 'ALL');
  for (const wrong of ['', 'FOO', 'CAP_ALL', 'CAP_CAP_CHOWN', 'toString'])
    assert.throws(() => readCapability(wrong), /^unknown capability: "CAP_/, wrong);
});

test('capabilities that are added and dropped', () => {
  const allowed = (capAdd: string[], capDrop: string[], host: ReadonlySet<CapabilityName> = everything) =>
    allowedCapabilities({ capAdd, capDrop }, host).toSorted();
  const usual = defaultCapabilities.toSorted();
  assert.equal(allowed([], []), usual);
  assert.equal(
    allowed(['NET_ADMIN'], ['CHOWN']),
    [...usual.filter(one => one !== 'CAP_CHOWN'), 'CAP_NET_ADMIN'].toSorted(),
  );
  assert.equal(allowed(['CHOWN'], ['ALL']), ['CAP_CHOWN']);
  assert.equal(allowed([], ['ALL']), []);
  assert.equal(allowed(['CHOWN'], ['CHOWN']), usual, 'what is added last stays, as in Docker');
  assert.equal(allowed(['ALL'], ['ALL']), capabilityNames.toSorted(), 'ALL is no name that could be dropped of ALL');
  assert.equal(allowed(['ALL'], ['SYS_ADMIN']), capabilityNames.filter(one => one !== 'CAP_SYS_ADMIN').toSorted());
});

test('what the host does not have is never given, and refused where it was named', () => {
  const host = new Set(capabilityNames.filter(name => name !== 'CAP_SYS_RESOURCE' && name !== 'CAP_MKNOD'));
  assert.equal(allowedCapabilities({ privileged: true }, host), [...host]);
  assert.equal(allowedCapabilities({ capAdd: ['ALL'] }, host), [...host]);
  assert.not.ok(allowedCapabilities({}, host).includes('CAP_MKNOD'));
  assert.throws(() => allowedCapabilities({ capAdd: ['SYS_RESOURCE'] }, host), /CAP_SYS_RESOURCE cannot be given/);
  assert.throws(
    () => allowedCapabilities({ capDrop: ['FOO'] }, host),
    /invalid CapDrop: unknown capability: "CAP_FOO"/,
  );
});

test('security options', () => {
  assert.equal(readSecurityOptions(), { noNewPrivileges: false });
  for (const yes of ['no-new-privileges', 'no-new-privileges:true', 'no-new-privileges=1', 'no-new-privileges:T'])
    assert.is(readSecurityOptions([yes]).noNewPrivileges, true, yes);
  assert.is(readSecurityOptions(['no-new-privileges', 'no-new-privileges=false']).noNewPrivileges, false);
  assert.equal(readSecurityOptions(['seccomp={"a":"b=c:d"}', 'label=disable', 'apparmor=unconfined']), {
    noNewPrivileges: false,
    seccomp: '{"a":"b=c:d"}',
    apparmor: 'unconfined',
  });
  for (const wrong of [
    'foo',
    'foo=bar',
    'foo:bar',
    'no-new-privileges:maybe',
    'no-new-privileges=',
    'systempaths=x',
    '',
  ])
    assert.throws(() => readSecurityOptions([wrong]), /^invalid --security-opt/, wrong);
});

test('sysctls: what belongs to a namespace, and no path out of /proc/sys', () => {
  assert.equal(readSysctl('net.ipv4.ip_forward=1'), ['net.ipv4.ip_forward', '1']);
  assert.equal(readSysctl('kernel.sem=250 32000 32 128'), ['kernel.sem', '250 32000 32 128']);
  assert.equal(readSysctl('fs.mqueue.msg_max='), ['fs.mqueue.msg_max', '']);
  const wrong = [
    'kernel.pid_max=1',
    'kernel.domainname=x',
    'foo',
    'net.',
    '=1',
    'net=1',
    'vm.swappiness=1',
    'net. x=1',
  ];
  for (const one of wrong) assert.throws(() => readSysctl(one), /is not allowed$/, one);
  const refused = (options: Parameters<typeof checkSysctls>[0], network: string, message: RegExp) =>
    assert.throws(() => checkSysctls(options, network), message);
  const forward = { sysctls: { 'net.ipv4.ip_forward': '1' } };
  refused(forward, 'host', /sysctl "net.ipv4.ip_forward" not allowed in host network namespace/);
  refused({ sysctls: { 'kernel.shmmax': '1' }, ipcMode: 'host' }, 'none', /not allowed in the hosts ipc namespace/);
  refused({ domainname: 'x', utsMode: 'host' }, 'none', /conflicting options/);
  refused({ sysctls: { 'kernel.core_pattern': '|/x' } }, 'none', /is not allowed/);
  assert.equal(checkSysctls({ ...forward, domainname: 'x' }, 'none'), {
    'net.ipv4.ip_forward': '1',
    'kernel.domainname': 'x',
  });
});

test('device rules say what they say', () => {
  assert.equal(readDeviceRule('c 10:200 rwm'), { allow: true, type: 'c', major: 10, minor: 200, access: 'rwm' });
  assert.equal(readDeviceRule('b *:7 r'), { allow: true, type: 'b', minor: 7, access: 'r' });
  assert.equal(readDeviceRule('a *:* m'), { allow: true, type: 'a', access: 'm' });
  for (const wrong of ['x 1:2 r', 'c 1:2', 'c 1:2 rwmr', 'c 1:2 x', 'c 1 r', 'c -1:2 r', 'c 1:2 r\na', ' c 1:2 r', ''])
    assert.throws(() => readDeviceRule(wrong), /invalid device cgroup format/, wrong);
});

test('devices: a node, a directory of nodes, and nothing else', () => {
  const access = (pathOnHost: string, permissions = 'rwm') =>
    deviceAccess({ devices: [{ pathOnHost, pathInContainer: '/dev/x', permissions }] });
  const { devices, rules } = access('/dev/null', 'r');
  assert.equal(devices, [{ path: '/dev/x', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }]);
  assert.equal(rules, [{ allow: true, type: 'c', major: 1, minor: 3, access: 'r' }]);
  assert.throws(() => access('/etc/passwd'), /"\/etc\/passwd": not a device node/);
  assert.throws(() => access('/dev/nosuch'), /no such file or directory/);
  assert.throws(() => access('/etc'), /no device in this directory/);
  const all = deviceAccess({ privileged: true });
  assert.equal(all.rules, [{ allow: true, access: 'rwm' }]);
  assert.ok(all.devices.some(({ path }) => path === '/dev/null'));
  assert.not.ok(all.devices.some(({ path }) => /^\/dev\/(pts|shm|mqueue|ptmx|console)/.test(path)));
});

test.run();
