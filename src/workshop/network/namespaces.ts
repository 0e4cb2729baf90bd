import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { MinidockError } from '../../errors.ts';
import { systemPath, systemProgram } from '../../host/programs.ts';
import type { Moment } from '../play/evidence.ts';

/** A network namespace, as a path that setns(2) can be given. */
export type Place = string;

/** The container's network. */
export function ofContainer(container: Moment): Place {
  return `/proc/${container.pid}/ns/net`;
}

/** The network that the lesson's program plays the host in: that of the container's parent. */
export function ofHost(container: Moment): Place {
  return `/proc/${container.parent}/ns/net`;
}

/** The one network more that the lesson's program holds by descriptor. */
export function ofOther(container: Moment): Place {
  const folder = `/proc/${container.parent}/fd`;
  const host = fs.readlinkSync(ofHost(container));
  const other = fs
    .readdirSync(folder)
    .map(name => `${folder}/${name}`)
    .find(file => {
      const target = fs.readlinkSync(file);
      return target.startsWith('net:[') && target !== host;
    });
  if (other === undefined) throw new Error('the lesson’s program holds no other network');
  return other;
}

/** What a shell command prints in a network namespace, both of its outputs, line by line. Its status does not matter. */
export function askIn(place: Place, command: string, input = ''): string[] {
  const { stdout } = spawnSync(nsenter(), [`--net=${place}`, 'sh', '-c', `exec 2>&1; ${command}`], {
    encoding: 'utf8',
    input,
    timeout: 10_000,
    env: { PATH: systemPath, LC_ALL: 'C' },
  });
  return stdout.split('\n').flatMap(line => line.trimEnd() || []);
}

/** As `askIn`; what fails ends the lesson. */
export function doIn(place: Place, command: string, input = ''): void {
  execFileSync(nsenter(), [`--net=${place}`, 'sh', '-ec', command], {
    input,
    timeout: 10_000,
    env: { PATH: systemPath, LC_ALL: 'C' },
  });
}

/**
 * What becomes of a TCP connection from a network: what the server says first, or the errno, or `silence`. `until` is
 * `connect` where it is enough that the connection comes about, which the other side's kernel does alone.
 * Made by Node, so no machine needs curl or nc for it.
 *
 * @param patience milliseconds
 */
export function connect(
  from: Place,
  host: string,
  port: number,
  { patience = 5000, until = 'data' }: { patience?: number; until?: 'data' | 'connect' } = {},
): string {
  const script = `const end = word => { console.log(word); process.exit(); };
    require('net').connect(${port}, '${host}').setTimeout(${patience}, () => end('silence'))
      .on('error', error => end(error.code)).on('${until}', data => end(String(data ?? 'connected')));`;
  const { stdout } = spawnSync(nsenter(), [`--net=${from}`, process.execPath, '-e', script], {
    encoding: 'utf8',
    timeout: patience + 10_000,
    env: { PATH: systemPath },
  });
  return stdout.trim();
}

function nsenter(): string {
  const program = systemProgram('nsenter');
  if (program === undefined)
    throw new MinidockError('no-nsenter', 'nsenter is not installed', { fix: 'install util-linux' });
  return program;
}

/** An interface as `ip link` shows it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Index of the other end, which counts in the other end’s namespace. */
  readonly peer?: number;
  readonly mac?: string;
  /** The bridge that it is a port of. */
  readonly master?: string;
  readonly up: boolean;
}

/** The interfaces of a namespace. */
export function linksOf(place: Place): Link[] {
  return askIn(place, 'ip -o link').flatMap(line => {
    const [, index, name, peer, flags] = /^(\d+): ([^:@]+)(?:@if(\d+))?[^:]*: <([^>]*)>/.exec(line) ?? [];
    if (index === undefined) return [];
    const mac = /link\/ether (\S+)/.exec(line)?.[1];
    const master = / master (\S+)/.exec(line)?.[1];
    return {
      index: Number(index),
      name: name!,
      ...(peer === undefined ? {} : { peer: Number(peer) }),
      ...(mac === undefined ? {} : { mac }),
      ...(master === undefined ? {} : { master }),
      up: flags!.split(',').includes('UP'),
    };
  });
}

/** The IPv4 addresses of an interface: `172.18.0.2/16`. */
export function addressesIn(place: Place, name: string): string[] {
  return askIn(place, `ip -o -4 addr show dev ${name}`).flatMap(line => / inet (\S+)/.exec(line)?.[1] ?? []);
}

/** Sends one datagram; nobody says whether it came. */
export function sendDatagram(from: Place, host: string, port: number): void {
  const script = `const socket = require('dgram').createSocket('udp4');
    socket.send('?', ${port}, '${host}', () => socket.close());`;
  spawnSync(nsenter(), [`--net=${from}`, process.execPath, '-e', script], {
    timeout: 10_000,
    env: { PATH: systemPath },
  });
}

/** Bytes that wait in the UDP socket of a port, in the network of process `pid` (/proc/PID/net/udp). */
export function waitingDatagrams(pid: number, port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = fs
    .readFileSync(`/proc/${pid}/net/udp`, 'utf8')
    .split('\n')
    .find(one => one.trim().split(/\s+/)[1]?.endsWith(local));
  return Number.parseInt(line?.trim().split(/\s+/)[4]?.split(':')[1] ?? '0', 16);
}
