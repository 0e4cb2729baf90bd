import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Spec } from '../../oci/runtime-spec.ts';
import { refuseUnsupported } from './unsupported.ts';

const plain: Spec = {
  ociVersion: '1.0.2',
  process: {
    terminal: false,
    user: { uid: 0, gid: 0, additionalGids: [] },
    args: ['sh'],
    env: [],
    cwd: '/',
    capabilities: { bounding: [], effective: [], permitted: [] },
    noNewPrivileges: false,
  },
  root: { path: '/rootfs', readonly: false },
  hostname: 'box',
  mounts: [],
  linux: {
    namespaces: [{ type: 'mount' }, { type: 'uts' }],
    cgroupsPath: '/box',
    resources: { devices: [] },
    maskedPaths: [],
    readonlyPaths: [],
  },
};
const namespaces = (...list: Spec['linux']['namespaces']): Partial<Spec> => ({
  linux: { ...plain.linux, namespaces: list },
});

const refused: [string, Partial<Spec>, RegExp][] = [
  [
    'a hook',
    { hooks: { prestart: [{ path: '/bin/hook' }] } },
    /asks for the prestart hook "\/bin\/hook": hooks are not run/,
  ],
  ['a user namespace', namespaces({ type: 'mount' }, { type: 'user' }), /a user namespace/],
  ['a mount namespace by path', namespaces({ type: 'mount', path: '/proc/1/ns/mnt' }), /\/proc\/1\/ns\/mnt/],
  ["the host's mounts", namespaces({ type: 'pid' }), /the host's mount namespace/],
  ['one kind twice', namespaces({ type: 'mount' }, { type: 'pid' }, { type: 'pid' }), /two pid namespaces/],
  ["the host's name changed", namespaces({ type: 'mount' }), /the hostname "box"/],
  ['copies into a tmpfs', { mounts: [mount('tmpcopyup')] }, /the option "tmpcopyup" of the mount on \/x/],
  ['mapped ids', { mounts: [mount('idmap')] }, /the option "idmap"/],
];

function mount(option: string): Spec['mounts'][number] {
  return { destination: '/x', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', option] };
}

test('what no step does is refused by name', () => {
  refuseUnsupported(plain);
  refuseUnsupported({ ...plain, hooks: { poststop: [] } });
  for (const [what, part, message] of refused)
    assert.throws(
      () => refuseUnsupported({ ...plain, ...part }),
      (error: Error) => message.test(error.message),
      what,
    );
});

test.run();
