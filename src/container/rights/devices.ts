import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../errors.ts';
import type { Device, DeviceRule } from '../../oci/runtime-spec.ts';
import type { DeviceMapping, SecurityOptions } from '../options/security.ts';

/** A container's access to devices: nodes in its /dev, and rules for which may be opened. */
export interface DeviceAccess {
  devices: Device[];
  /** Added to the default rules; with `everything` they replace them. */
  rules: DeviceRule[];
}

/**
 * Entries of the host's /dev that no container gets with a directory, nor a privileged one: pseudo-terminals, shared memory,
 * queues and the console are its own.
 */
const notHandedOn = new Set(['pts', 'shm', 'fd', 'mqueue', 'ptmx', 'console', '.udev', '.lxc', '.lxd-mounts']);

/**
 * Reads the host's devices anew at each start.
 *
 * @throws {MinidockError} `invalid-device`
 */
export function deviceAccess({ devices = [], deviceCgroupRules = [], privileged }: SecurityOptions): DeviceAccess {
  const found = devices.map(mapping => ({ mapping, nodes: nodesFor(mapping) }));
  const asked = found.flatMap(({ nodes }) => nodes);
  if (privileged) {
    const taken = new Set(asked.map(node => node.path));
    const hosts = nodesBelow('/dev', '/dev', notHandedOn).filter(node => !taken.has(node.path));
    return { devices: [...hosts, ...asked], rules: [{ allow: true, access: 'rwm' }] };
  }
  const rules = found.flatMap(({ mapping, nodes }) => nodes.map(node => ruleFor(node, mapping.permissions)));
  return { devices: asked, rules: [...rules, ...deviceCgroupRules.map(readDeviceRule)] };
}

const ruleFor = ({ type, major, minor }: Device, access: string): DeviceRule => ({
  allow: true,
  type: type as 'c' | 'b',
  major,
  minor,
  access,
});

/** `c 10:200 rwm`; `*` for any number, `a` for both types. @throws {Error} in Docker's words */
export function readDeviceRule(given: string): DeviceRule {
  const [, type, major, minor, access] = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(given) ?? [];
  if (type === undefined) throw new Error(`invalid device cgroup format '${given}'`);
  if ([major, minor].some(number => Number(number) > 0xffffffff))
    throw new Error(`invalid device cgroup format '${given}': a number of a device has 32 bits`);
  return {
    allow: true,
    type: type as DeviceRule['type'],
    ...(major !== '*' && { major: Number(major) }),
    ...(minor !== '*' && { minor: Number(minor) }),
    access: access!,
  };
}

/** Each of the letters r, w and m at most once. */
export const isDeviceMode = (text: string): boolean => /^(?!.*(.).*\1)[rwm]+$/.test(text);

/** @throws {Error} in Docker's words */
export function checkDevice(device: DeviceMapping): DeviceMapping {
  for (const path of [device.pathOnHost, device.pathInContainer])
    if (!path.startsWith('/')) throw new Error(`${path} is not an absolute path`);
  if (!isDeviceMode(device.permissions)) throw new Error(`bad mode specified: ${device.permissions}`);
  return device;
}

function nodesFor({ pathOnHost, pathInContainer }: DeviceMapping): Device[] {
  const fail = (reason: string) =>
    new MinidockError('invalid-device', `cannot add the device ${JSON.stringify(pathOnHost)}: ${reason}`, {
      fix: 'name a device of the host, or a directory of devices',
    });
  let host: string;
  try {
    host = fs.realpathSync(pathOnHost);
  } catch (error) {
    throw fail(errnoOf(error) === 'ENOENT' ? 'no such file or directory' : (errnoOf(error) ?? String(error)));
  }
  const stats = fs.statSync(host);
  if (stats.isDirectory()) {
    const nodes = nodesBelow(host, pathInContainer, notHandedOn);
    if (nodes.length === 0) throw fail('there is no device in this directory');
    return nodes;
  }
  const node = nodeOf(stats, pathInContainer);
  if (node === undefined) throw fail('not a device node');
  return [node];
}

/** The devices in a directory and those below it; links are not followed. */
function nodesBelow(directory: string, inContainer: string, left: ReadonlySet<string>): Device[] {
  return fs.readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    if (left.has(entry.name)) return [];
    const [host, place] = [path.join(directory, entry.name), path.posix.join(inContainer, entry.name)];
    if (entry.isDirectory()) return nodesBelow(host, place, left);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    const stats = fs.lstatSync(host, { throwIfNoEntry: false });
    return stats === undefined ? [] : (nodeOf(stats, place) ?? []);
  });
}

function nodeOf(stats: fs.Stats, place: string): Device | undefined {
  if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return undefined;
  return {
    path: path.posix.normalize(place),
    type: stats.isBlockDevice() ? 'b' : 'c',
    ...numbersOf(stats.rdev),
    fileMode: stats.mode & 0o777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

/** major(3) and minor(3) of a 64-bit dev_t. */
function numbersOf(rdev: number): { major: number; minor: number } {
  const wide = BigInt(rdev);
  return {
    major: Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & ~0xfffn)),
    minor: Number((wide & 0xffn) | ((wide >> 12n) & ~0xffn & 0xffffffffn)),
  };
}
