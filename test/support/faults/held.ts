import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { cgroupParent, enginePaths } from '../../../src/state/paths.ts';
import type { Sandbox } from '../minidock.ts';

/** What the engine holds for containers: empty when there is none, whatever happened before. */
export function heldBy(box: Sandbox): string[] {
  const group = cgroupParent(box).slice(1);
  const groups = readdirSync('/sys/fs/cgroup').flatMap(hierarchy => {
    const parent = join('/sys/fs/cgroup', hierarchy, group);
    return directories(parent).flatMap(name =>
      name === 'shims'
        ? lines(join(parent, name, 'cgroup.procs')).map(pid => `process ${pid} ${commandOf(pid)} in ${hierarchy}/shims`)
        : [`cgroup ${hierarchy}/${name}`],
    );
  });
  const mounts = lines('/proc/self/mountinfo').filter(line => line.includes(box.folder));
  const links = bridgesOf(box).flatMap(bridge => names(`/sys/class/net/${bridge}/brif`));
  const { containers, names: nameLinks } = enginePaths(box);
  const networks = names(join(box.root, 'networks')).map(key => join(box.root, 'networks', key));
  return [
    ...groups,
    ...mounts.map(line => `mount ${line}`),
    ...links.map(name => `link ${name}`),
    ...names(containers).map(name => `bundle ${name}`),
    ...[nameLinks, ...networks.flatMap(network => [join(network, 'leases'), join(network, 'ports')])].flatMap(folder =>
      names(folder)
        .filter(name => existsSync(join(folder, name)))
        .map(name => `taken ${join(folder, name)}`),
    ),
  ];
}

/** Of all its networks. */
function bridgesOf(box: Sandbox): string[] {
  const networks = join(box.root, 'networks');
  return names(networks).map(key => {
    const definition = lines(join(networks, key, 'network.json')).join('');
    return definition === '' ? key : JSON.parse(definition).bridge;
  });
}

/** What a killed process may leave and the next keeper sweeps: half-made files, run directories without a bundle. */
export function litter(box: Sandbox): string[] {
  const bundles = names(join(box.root, 'containers'));
  const halfMade = /\.tmp$|\/\.(new|removed)-|lock\.\d+\./;
  const folders = ['', 'containers', 'volumes', join('networks', box.bridge)].map(folder => join(box.root, folder));
  return [
    ...[...folders, box.execRoot]
      .flatMap(folder => names(folder).map(name => join(folder, name)))
      .filter(path => halfMade.test(path)),
    ...names(box.execRoot)
      .filter(name => /^[0-9a-f]{12}$/.test(name) && !bundles.some(bundle => bundle.startsWith(name)))
      .map(name => join(box.execRoot, name)),
  ];
}

/** Rules that translate a port for a container, on any of the engine's networks. */
export async function portRules(box: Sandbox): Promise<string[]> {
  const { stdout } = await execa('iptables-save', ['-t', 'nat'], { reject: false });
  const chains = bridgesOf(box).map(bridge => `-A MINIDOCK-${bridge} `);
  return stdout.split('\n').filter(line => line.includes('minidock:') && chains.some(chain => line.startsWith(chain)));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function directories(folder: string): string[] {
  return names(folder).filter(name => existsSync(join(folder, name, 'cgroup.procs')));
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

const commandOf = (pid: string) => lines(`/proc/${pid}/cmdline`).join(' ').replaceAll('\0', ' ');
