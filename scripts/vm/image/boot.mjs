import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { which } from '../../setup/exec.mjs';
import { SetupError } from '../../setup/say.mjs';

const emulator = 'qemu-system-x86_64';

/**
 * Boots an image in this terminal, which is the machine's console; resolves with qemu's exit code. Where the kernel lends its processor
 * (KVM) the machine is as quick as this one, else it is emulated.
 *
 * @throws {SetupError} without qemu, or where another program has a port
 */
export async function boot({ image, memory, forwards, snapshot }) {
  if (!which(emulator))
    throw new SetupError(`${emulator} is not here: it boots the image`, 'apt-get install qemu-system-x86, or the like');
  for (const { here } of forwards) await checkFree(here);
  const accelerator = kvmWorks() ? 'kvm' : 'tcg';
  const forwarded = forwards.map(({ here, there }) => `,hostfwd=tcp:127.0.0.1:${here}-:${there}`);
  const args = [
    ...['-accel', accelerator, '-cpu', 'max', '-smp', '2', '-m', String(memory), '-nographic'],
    ...['-drive', `file=${image.replaceAll(',', ',,')},if=virtio,format=qcow2`],
    ...['-nic', `user,model=virtio-net-pci${forwarded.join('')}`],
    ...(snapshot ? ['-snapshot'] : []),
  ];
  process.stdout.write(greeting(image, forwards, accelerator));
  const machine = spawn(emulator, args, { stdio: 'inherit' });
  // The terminal's Ctrl-C is the machine's.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => machine.kill(signal));
  return await new Promise((resolve, reject) => {
    machine.once('error', reject);
    machine.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 143)));
  });
}

/** Whether KVM makes a processor: there are machines that have it and then refuse, and qemu falls back only where it is not there. */
function kvmWorks() {
  const args = ['-accel', 'kvm', '-cpu', 'max', '-nodefaults', '-display', 'none', '-S', '-monitor', 'stdio'];
  return (
    spawnSync(emulator, args, { input: 'quit\n', timeout: 10_000, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
  );
}

function greeting(image, forwards, accelerator) {
  const ssh = forwards.find(({ there }) => there === 22)?.here;
  const others = forwards.filter(({ there }) => there !== 22);
  return [
    `vm booting ${image}${accelerator === 'kvm' ? '' : ', emulated: without KVM it takes some five times as long'}`,
    ...(ssh === undefined ? [] : [`vm   ssh -p ${ssh} root@127.0.0.1   (password: minidock)`]),
    ...others.map(({ here, there }) => `vm   http://127.0.0.1:${here}/ leads to port ${there} of the machine`),
    'vm   poweroff in the machine ends it; so does Ctrl-A X here, at once',
    '',
  ].join('\n');
}

/** Throws for a port that another program has. */
async function checkFree(port) {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve)).catch(
    error => {
      throw new SetupError(
        `port ${port} of 127.0.0.1 cannot be forwarded: ${error.code === 'EADDRINUSE' ? 'another program has it' : error.code}`,
        `choose others: npm run vm -- --forward 2223:22 --forward 8081:8080 (\`ss -ltnp 'sport = :${port}'\` shows who has it)`,
      );
    },
  );
  await new Promise(resolve => server.close(resolve));
}
