import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MinidockError } from '../../errors.ts';
import { hostnameOf } from '../../host/namespaces.ts';
import { childrenOf } from '../../host/process.ts';
import { programOnPath } from '../../host/programs.ts';
import type { Comparison, Stage } from '../lesson.ts';
import { type Fact, type Moment, momentOf } from './evidence.ts';
import { READY } from './stage.ts';

/**
 * Compiles the lesson's C program, runs it with a command that holds still, and asks the kernel the same questions as of the
 * lesson's own program. Without a C compiler the comparison says so and claims nothing.
 */
export async function compareWithC(
  source: URL,
  stage: Stage,
  seen: { host: Moment; container: Moment },
): Promise<Comparison> {
  const file = path.basename(fileURLToPath(source));
  const title = { en: `The same in C: ${file}`, zh: `用 C 再做一遍：${file}` };
  const compiler = programOnPath('gcc') ?? programOnPath('cc') ?? programOnPath('clang');
  if (compiler === undefined) {
    const line = { en: 'skipped: no C compiler (apt install gcc)', zh: '跳过：没有 C 编译器（apt install gcc）' };
    return { title, evidence: { facts: [], listings: [{ title: line, lines: [] }] } };
  }
  const binary = path.join(stage.scratch, path.basename(file, '.c'));
  await promisify(execFile)(compiler, ['-Wall', '-Werror', '-o', binary, fileURLToPath(source)]);
  const command = `gcc -Wall -o ${path.basename(binary)} ${file} && ./${path.basename(binary)}`;
  return {
    title,
    evidence: {
      columns: [
        { en: 'the program', zh: '本课的程序' },
        { en: file, zh: file },
      ],
      facts: compareMoments(seen, await observe(binary, stage.scratch)),
      listings: [{ title: { en: 'compiled and run as', zh: '编译和运行的命令' }, lines: [command] }],
    },
  };
}

function compareMoments(seen: { host: Moment; container: Moment }, c: Moment): Fact[] {
  const differing = (moment: Moment) =>
    Object.keys(moment.namespaces)
      .filter(kind => moment.namespaces[kind] !== seen.host.namespaces[kind])
      .join(', ');
  const inner = (moment: Moment) => moment.nsPid.split(' ').slice(1).join(' ') || '–';
  return [
    {
      what: { en: 'namespaces that differ from the host’s', zh: '与宿主机不同的命名空间' },
      host: differing(seen.container),
      container: differing(c),
      claim: 'same',
    },
    { what: { en: 'hostname', zh: '主机名' }, host: seen.container.hostname, container: c.hostname, claim: 'same' },
    {
      what: { en: 'PID inside (NSpid)', zh: '里面的 PID（NSpid）' },
      host: inner(seen.container),
      container: inner(c),
      claim: 'same',
    },
  ];
}

async function observe(binary: string, scratch: string): Promise<Moment> {
  const held = spawn(binary, ['sh', '-c', `echo '${READY}'; read _ || true`], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>(resolve => held.once('close', () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      held.stdout.once('data', () => resolve());
      held.once('error', reject);
      held.once('exit', code =>
        reject(new MinidockError('comparison-failed', `${path.basename(binary)} ended with status ${code}`)),
      );
    });
    const [pid] = childrenOf(held.pid!);
    if (pid === undefined) throw new MinidockError('comparison-failed', `${path.basename(binary)} has no child`);
    return momentOf(pid, { hostname: await hostnameOf(pid), output: [], scratch });
  } finally {
    held.stdin.end();
    await ended;
  }
}
