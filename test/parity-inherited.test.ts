import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { busyboxEngine } from './support/busybox.ts';
import { dockerd } from './support/dockerd.ts';
import { inheritedTools } from './support/inherited.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'gcc', 'dockerd', 'docker');

test('what a process of a container has inherited, whoever started it, is as in Docker', async () => {
  const [box, daemon] = [await busyboxEngine(), await dockerd()];
  const tools = inheritedTools();
  daemon.docker(['import', '-', 'bb'], readFileSync((await busyboxImage()).rootfs));
  const command = ['--rm', '--network', 'none', '-v', `${tools.folder}:/t:ro`, 'bb', '/t/show'];
  assert.is(
    (await tools.fromOddCaller(box, 'run', ...command)).trimEnd(),
    daemon.docker(['run', ...serviceLimits(), ...command]),
  );
});

/** What systemd and docker.service of Debian 12 give dockerd, for one that was started here; as far as it may be raised. */
function serviceLimits(): string[] {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, rights] = /^CapEff:\s+(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  const mayRaise = ((BigInt(`0x${rights}`) >> 24n) & 1n) === 1n;
  const hardest = (name: string, wanted: number) => {
    const [, hard] = new RegExp(`^Max ${name} +\\S+ +(\\S+)`, 'm').exec(limits)!;
    const value = mayRaise || hard === 'unlimited' ? wanted : Math.min(wanted, Number(hard));
    return Number.isFinite(value) ? value : -1;
  };
  const unlimited = Number.POSITIVE_INFINITY;
  return [
    `nofile=${hardest('open files', 1048576)}`,
    `nproc=${hardest('processes', unlimited)}`,
    `core=${hardest('core file size', unlimited)}`,
    `memlock=${hardest('locked memory', 8 << 20)}`,
    `stack=${8 << 20}:${hardest('stack size', unlimited)}`,
  ].flatMap(limit => ['--ulimit', limit]);
}

test.run();
