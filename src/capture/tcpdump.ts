import type { Readable } from 'node:stream';
import { MinidockError } from '../errors.ts';
import { systemPath, systemProgram } from '../host/programs.ts';
import { type Captured, PcapStream } from './format/pcap.ts';
import { startInNetwork } from './in-network.ts';

/** Where tcpdump is on this host. Throws `no-tcpdump`. */
export function findTcpdump(): string {
  const found = systemProgram('tcpdump');
  if (found !== undefined) return found;
  throw new MinidockError('no-tcpdump', 'tcpdump is not installed, and it is what captures', {
    fix: `apt-get install tcpdump, or dnf install tcpdump; it is looked for in ${systemPath}`,
  });
}

export interface TcpdumpOptions {
  readonly interface: string;
  /** `/proc/PID/ns/net` of a container; the namespace of this process where missing. */
  readonly namespace?: string;
  readonly snapLength: number;
  readonly filter: string;
}

/** A tcpdump that runs. */
export class Tcpdump {
  /** Resolves when it listens; rejects with why it does not, in one line. */
  readonly listening: Promise<void>;
  /** Resolves when it is gone and all that it wrote has been handed on: with its complaint, where it ended by itself. */
  readonly ended: Promise<string | undefined>;
  /** Packets that the kernel had no room for; known at the end. */
  dropped = 0;
  private readonly pcap = new PcapStream();
  private readonly child: {
    readonly stdout: Readable;
    readonly stderr: Readable;
    kill(signal: NodeJS.Signals): boolean;
  };
  private said = '';
  private stopped = false;
  private heard: () => void = () => {};

  constructor(tcpdump: string, options: TcpdumpOptions, onPacket: (packet: Captured) => void) {
    const shim = startInNetwork(options.namespace, [
      tcpdump,
      ...['-i', options.interface, '-s', String(options.snapLength), '-w', '-', '-U', '--immediate-mode'],
      // A bridge that is made promiscuous hands the host a copy of what it switches. With bridge-nf-call-iptables the host
      // forwards that copy, and connections of hairpins break: capturing must change nothing.
      '-p',
      // As another user it would lose the signal of our death (prctl(2)). It writes packets, and reads none of them.
      ...['-n', '-Z', 'root', '--time-stamp-precision=nano'],
      ...(options.filter === '' ? [] : ['--', options.filter]),
    ]);
    let failure: Error | undefined;
    shim.exited.catch(error => {
      failure = error;
    });
    this.child = shim.process as Tcpdump['child'];
    let broken: string | undefined;
    this.child.stdout.on('data', chunk => {
      if (broken !== undefined) return;
      try {
        for (const packet of this.pcap.push(chunk)) onPacket(packet);
        this.heard();
      } catch (error) {
        broken = (error as Error).message;
        this.child.kill('SIGKILL');
      }
    });
    const closed = new Promise<void>(resolve => shim.process.once('close', () => resolve()));
    this.ended = Promise.all([closed, shim.ended]).then(() => {
      const [, dropped] = /^(\d+) packets? dropped by kernel/m.exec(this.said) ?? [];
      this.dropped = Number(dropped ?? 0);
      if (this.stopped) return undefined;
      const why = broken ?? complaintIn(this.said) ?? (failure?.name === 'StepError' ? failure.message : undefined);
      return why ?? 'tcpdump ended';
    });
    this.listening = new Promise((resolve, reject) => {
      this.child.stderr.setEncoding('utf8').on('data', text => {
        // What it says is little; a program that is not tcpdump may say more.
        this.said = (this.said + text).slice(-16_384);
        this.heard();
      });
      this.heard = () => {
        if (/listening on /.test(this.said) && this.pcap.linkType !== undefined) resolve();
      };
      void this.ended.then(complaint => reject(new Error(complaint ?? 'it was stopped')));
    });
    this.listening.catch(() => {});
  }

  /** Of pcap: known once it listens. */
  get linkType(): number {
    return this.pcap.linkType ?? 0;
  }

  /** Ends it in order: what it has read of the kernel is still written. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.child.kill('SIGINT');
  }

  /** Ends it at once. */
  kill(): void {
    this.stopped = true;
    this.child.kill('SIGKILL');
  }
}

/** The line in which tcpdump says why it ends, without its name and what it says of everything. */
function complaintIn(said: string): string | undefined {
  const lines = said
    .split('\n')
    .filter(line => /^tcpdump: /.test(line) && !/listening on|verbose output|data link type/.test(line));
  return lines
    .at(-1)
    ?.replace(/^tcpdump: (pcap_loop: )?/, '')
    .trim();
}
