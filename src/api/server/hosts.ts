import fs from 'node:fs';
import type http from 'node:http';
import { MinidockError } from '../../errors.ts';
import { enginePaths, type Roots } from '../../state/paths.ts';
import { openExecRoot } from '../../state/private.ts';
import { parseHost, type TlsFiles } from '../client/host.ts';
import { type Listener, listenInherited, listenTcp, listenUnix, type ServerCertificates } from './listen.ts';

/** Where a daemon is to listen, and who may connect. */
export interface Hosts {
  /** `unix:///PATH`, `tcp://NAME:PORT`, `fd://` for the sockets that systemd has made, or '' for `roots`' own; none: these, or that. */
  readonly hosts: readonly string[];
  /** The default socket lies in its exec root. */
  readonly roots: Roots;
  /** Name or number of the group that may use Unix sockets; missing: `docker` where it exists, else root's. */
  readonly group?: string;
  /** Certificates for TCP. Without them TCP is refused unless `insecureTcp`. */
  readonly tls?: Required<TlsFiles>;
  readonly insecureTcp: boolean;
  /** What systemd says about sockets: `LISTEN_FDS` and `LISTEN_PID`. */
  readonly env: NodeJS.ProcessEnv;
  warn(text: string): void;
}

/**
 * Listens at all places, or at none.
 *
 * @throws {MinidockError} `invalid-host`, `address-in-use`, `no-such-group`, `invalid-certificate`
 */
export async function listenAt(asked: Hosts, server: http.Server): Promise<readonly Listener[]> {
  const inherited = inheritedSockets(asked.env);
  const { api } = enginePaths(asked.roots);
  const hosts = (asked.hosts.length > 0 ? asked.hosts : [inherited.length > 0 ? 'fd://' : '']).map(host =>
    host === '' || host === 'unix://' ? `unix://${api}` : host,
  );
  const gid = groupId(asked.group);
  const certificates = asked.tls && readCertificates(asked.tls);
  const admit = (shown: string) => {
    if (certificates !== undefined) return;
    if (!asked.insecureTcp)
      throw new MinidockError('invalid-host', `${shown} without TLS: whoever reaches it would be root on this host`, {
        fix: '--tlsverify with --tlscacert, --tlscert and --tlskey; or, in a network that nobody else is in, --insecure-tcp',
      });
    asked.warn(`WARNING: ${shown} asks nobody who they are: whoever reaches it is root on this host.`);
  };
  const listeners: Listener[] = [];
  try {
    for (const given of hosts) {
      if (given === 'fd://') {
        if (inherited.length === 0)
          throw new MinidockError('invalid-host', 'fd:// needs sockets from systemd, and there are none', {
            fix: 'start it by contrib/minidock-daemon.socket, or name a socket with -H unix:///PATH',
          });
        for (const fd of inherited)
          listeners.push(
            await listenInherited(fd, server, certificates, isTcp => {
              if (isTcp) admit(`fd://${fd}`);
            }),
          );
        continue;
      }
      const host = parseHost(given, asked.tls);
      if ('socketPath' in host) {
        if (host.socketPath === api) openExecRoot(asked.roots.execRoot);
        listeners.push(await listenUnix(host.socketPath, server, gid));
      } else {
        admit(host.shown);
        listeners.push(await listenTcp(host, server, certificates));
      }
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  return listeners;
}

/** Numbers of the sockets that systemd gave to this process (sd_listen_fds(3)): they begin at 3. */
function inheritedSockets({ LISTEN_FDS, LISTEN_PID }: NodeJS.ProcessEnv, pid = process.pid): readonly number[] {
  if (Number(LISTEN_PID) !== pid) return [];
  return Array.from({ length: Number(LISTEN_FDS) || 0 }, (_, i) => 3 + i);
}

/** @throws {MinidockError} `no-such-group` */
function groupId(given: string | undefined): number {
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const lines = fs.existsSync('/etc/group') ? fs.readFileSync('/etc/group', 'utf8').split('\n') : [];
  const [, , gid] = lines.map(line => line.split(':')).find(([name]) => name === (given ?? 'docker')) ?? [];
  if (gid !== undefined) return Number(gid);
  if (given === undefined) return 0;
  throw new MinidockError('no-such-group', `--group ${JSON.stringify(given)}: this host has no such group`, {
    fix: `groupadd ${given}, or name another`,
  });
}

function readCertificates(files: Required<TlsFiles>): ServerCertificates {
  const read = (flag: string, file: string): Buffer => {
    try {
      return fs.readFileSync(file);
    } catch (error) {
      throw new MinidockError('invalid-certificate', `--tls${flag}: ${(error as Error).message}`, {
        fix: 'name a PEM file that root can read',
      });
    }
  };
  return { ca: read('cacert', files.ca), cert: read('cert', files.cert), key: read('key', files.key) };
}
