import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type DiskContents, makeDisk, makeInitramfs } from './disk.ts';
import type { GuestKernel } from './kernel.ts';

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a machine is started from. */
export interface MachineParts {
  /** Holds its parts: `initramfs` and `disk`. The caller removes it after the machine has ended. */
  folder: string;
  kernel: GuestKernel;
  /** TCP ports of the guest by those of 127.0.0.1 here that lead to them. */
  forwards: Readonly<Record<number, number>>;
}

export type MachineOptions = MachineParts & DiskContents;

/** A machine with one processor, emulated, so that it works where machines may not nest: its programs take some four times as long. */
export class Machine {
  private waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  private broken: Error | undefined;

  private constructor(
    private readonly qemu: ChildProcess,
    private readonly console: string,
  ) {
    createInterface({ input: qemu.stdout! }).on('line', line => this.waiting?.resolve(line));
    qemu.stdin!.on('error', () => {});
    qemu.once('error', error => this.fail(error.message));
    qemu.once('exit', (code, signal) => this.fail(`ended with ${signal ?? code}`));
  }

  /** Makes a disk in an empty folder and starts a kernel on it. About five seconds. */
  static async boot({ busybox, programs, extras, ...parts }: MachineOptions): Promise<Machine> {
    const at = (name: string) => join(parts.folder, name);
    for (const name of ['initramfs.d', 'disk.d']) mkdirSync(at(name));
    makeInitramfs(at('initramfs'), at('initramfs.d'), parts.kernel, busybox);
    makeDisk(at('disk'), at('disk.d'), parts.kernel, { busybox, programs, extras });
    for (const name of ['initramfs.d', 'disk.d']) rmSync(at(name), { recursive: true });
    return await Machine.start(parts);
  }

  /** Starts a kernel on a disk that is there; resolves when the guest waits for commands. */
  static async start({ folder, kernel, forwards }: MachineParts): Promise<Machine> {
    const at = (name: string) => join(folder, name);
    const network = Object.entries(forwards).map(([here, there]) => `,hostfwd=tcp:127.0.0.1:${here}-:${there}`);
    // Whatever ends this process ends the machine: the kernel kills it with its parent.
    const qemu = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'qemu-system-x86_64', '-accel', 'tcg', '-cpu', 'max', '-m', '1024'],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
        ...['-kernel', kernel.image, '-initrd', at('initramfs')],
        ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
        ...['-drive', `file=${at('disk')},if=virtio,format=raw,cache=unsafe`],
        ...['-netdev', `user,id=net,restrict=on${network.join('')}`, '-device', 'virtio-net-pci,netdev=net'],
        ...['-serial', `file:${at('console')}`, '-serial', 'stdio'],
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const machine = new Machine(qemu, at('console'));
    await machine.answer('boot', 300);
    return machine;
  }

  /** Runs a script of the guest's shell, one at a time. After `seconds` without an answer the machine is ended. */
  async run(script: string, seconds = 180): Promise<Answer> {
    const answer = this.answer(script, seconds);
    this.qemu.stdin!.write(`${Buffer.from(script).toString('base64')}\n`);
    const [code, stdout, stderr] = (await answer).split(' ');
    const text = (base64 = '') => Buffer.from(base64, 'base64').toString();
    return { code: Number(code), stdout: text(stdout), stderr: text(stderr) };
  }

  /** Ends the machine where it is, as a power cut does: what the guest had not written to its disk is lost. */
  async stop(): Promise<void> {
    this.qemu.kill('SIGKILL');
    await this.ended();
  }

  /** Resolves when the machine has ended, as one that goes down or boots again does by itself. */
  async ended(): Promise<void> {
    if (this.qemu.exitCode !== null || this.qemu.signalCode !== null) return;
    await new Promise(resolve => this.qemu.once('exit', resolve));
  }

  /** The next line from the guest. */
  private async answer(purpose: string, seconds: number): Promise<string> {
    if (this.broken) throw this.broken;
    const line = new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    const late = setTimeout(() => {
      this.fail(`has not answered for ${seconds} s: ${purpose}`);
      void this.stop();
    }, seconds * 1000);
    try {
      return await line;
    } finally {
      clearTimeout(late);
    }
  }

  /** The first reason counts; the console's last lines say more. */
  private fail(reason: string): void {
    let said = '';
    try {
      said = readFileSync(this.console, 'latin1').trim().split('\n').slice(-30).join('\n');
    } catch {}
    this.broken ??= new Error(`the virtual machine ${reason}\n${said}`);
    this.waiting?.reject(this.broken);
  }
}
