import fs from 'node:fs';
import { StepFolder } from '../../src/api/trace/fold.ts';
import { capture } from '../../src/capture/capture.ts';
import type { Walk } from '../../src/capture/model.ts';
import { TerminalView } from '../../src/capture/views/terminal.ts';
import { type LearnersPieces, learnersPieces } from '../../src/cli/mine/pieces.ts';
import { pieces as enginePieces, type Pieces } from '../../src/engine/compile/pieces.ts';
import { MinidockError } from '../../src/errors.ts';
import { namespacesOf } from '../../src/host/namespaces.ts';
import { statusField } from '../../src/host/process.ts';
import { systemProgram } from '../../src/host/programs.ts';
import { lessonName } from '../../src/syscalls/lessons.ts';
import { exerciseIds } from '../../src/workshop/exercise/files.ts';
import { survey } from '../../src/workshop/exercise/survey.ts';
import { addressesIn } from '../../src/workshop/network/namespaces.ts';
import type { Evidence, Fact } from '../../src/workshop/play/evidence.ts';
import { Progress } from '../../src/workshop/progress.ts';
import type { Tell } from '../17-image-format/image.ts';
import { counted, fetchFrom, type Machine, readOr, wire } from './machine.ts';
import { says } from './says.ts';

/** What can be tried on the host of this lesson. */
export type Trial = 'all' | 'loopback' | 'background' | 'taken' | 'withoutRights' | 'withoutGroup' | 'withoutRule';

const url = `http://${wire.host}:8080/`;

export function perform(machine: Machine, trial: Trial, tell: Tell): Promise<Evidence> {
  return trials[trial](machine, tell);
}

const trials: Record<Trial, (machine: Machine, tell: Tell) => Promise<Evidence>> = {
  all: everything,
  loopback,
  background,
  taken,
  withoutRights: machine => without(machine, 'capabilities'),
  withoutGroup: machine => without(machine, 'joinCgroup'),
  withoutRule: machine => without(machine, 'portRules'),
};

const fact = (en: string, zh: string, host: string, container: string, claim: Fact['claim']): Fact => ({
  what: { en, zh },
  host,
  container,
  claim,
});

/** The container of the whole course, on the learner's pieces; a page fetched from it, and the way of the packets. */
async function everything(machine: Machine, tell: Tell): Promise<Evidence> {
  tell('$ minidock run --mine -d --name web -m 64m -p 8080:80 nginx');
  const mine = await ownPieces(tell);
  try {
    const yours = mine.taught.filter(({ state }) => state === 'yours');
    if (mine.taught.length > 0) tell(says.pieces(yours.length, mine.taught.length));
    for (const { state, name, lesson, file } of mine.taught)
      tell(
        keepIndent(
          state === 'yours' ? `  ✓ ${name}: ${file}` : `  · ${name}: npm run lesson ${lesson.slice(0, 2)} -- check`,
        ),
      );
    const made = countSteps(
      mine.pieces,
      yours.map(({ name }) => name),
    );
    let all = 0;
    const own = new Set<string>();
    const folder = new StepFolder(({ section, text, count, lesson }) => {
      all += count;
      const name = lesson === undefined ? '' : lessonName(lesson);
      const mark = own.delete(section) ? '✓' : '·';
      tell(keepIndent(`  ${mark} ${section}: ${cut(text, 40)}  ${says.steps(count, name.slice(0, 2))}`));
    });
    tell(says.program);
    const id = await machine.run({ name: 'web', memory: 64 << 20 }, made.pieces, event => {
      // This tells of the group before, where another begins.
      folder.step(event);
      if (made.done(event.step)) own.add(event.report.section);
    });
    folder.executed();
    folder.end();
    const pid = await machine.listening(id);
    tell(`$ curl ${url}                # ${wire.client}`);
    const walks = await walksOf(machine, id, async () => tell(await fetchFrom(machine.client, url)));
    for (const line of walks) tell(keepIndent(line));
    const evidence: Evidence = {
      facts: [
        ...factsOf(pid, machine),
        fact(
          'steps of the kernel · of them by your pieces',
          '内核执行的步骤 · 其中出自你的函数',
          String(all),
          String(made.count()),
          'differs',
        ),
      ],
      listings: [
        {
          title: { en: 'what the server wrote: minidock logs web', zh: '服务器写出的：minidock logs web' },
          lines: await machine.log(id),
        },
      ],
    };
    await machine.remove(id);
    return evidence;
  } finally {
    await mine.close();
  }
}

/** The learner's pieces. Where there is no checkout, or they cannot be loaded, it is told why, and the engine's own have to do. */
async function ownPieces(tell: Tell): Promise<LearnersPieces> {
  try {
    const progress = Progress.load();
    if (exerciseIds().some(id => progress.passedHash(id) !== undefined)) return await learnersPieces();
    // None has passed, and a thread to run them in would only list them.
    return { pieces: enginePieces, taught: (await survey()).offer.pieces, close: async () => {} };
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    tell(`# ${error.message}`);
    return { pieces: enginePieces, taught: [], close: async () => {} };
  }
}

/** The kernel's answers, a row a lesson. */
function factsOf(pid: number, machine: Machine): Fact[] {
  const [host, container] = [namespacesOf('self'), namespacesOf(pid)];
  const kinds = Object.keys(host).filter(kind => host[kind] !== container[kind]);
  const root = (of: number | 'self') => {
    const { dev, ino } = fs.statSync(`/proc/${of}/root/`);
    return `${dev}:${ino}`;
  };
  const type = (of: number | 'self') =>
    /^\S+ \S+ \S+ \S+ \/ .*? - (\S+)/m.exec(readOr(`/proc/${of}/mountinfo`, ''))?.[1] ?? '–';
  const ip = (place: string, name: string) => addressesIn(place, name).join(' ') || '–';
  return [
    fact('03–05 namespaces of its own', '03–05 自己的命名空间', '–', kinds.join(' '), 'differs'),
    fact('04 its number', '04 它的进程号', String(pid), statusField(pid, 'NSpid').split(/\s+/).at(-1)!, 'differs'),
    fact('06 root (device:inode)', '06 根（设备:inode）', root('self'), root(pid), 'differs'),
    fact('09 limit of memory', '09 内存上限', memoryLimit('self'), memoryLimit(pid), 'differs'),
    fact(
      '10 capabilities (CapEff)',
      '10 权能（CapEff）',
      statusField(process.pid, 'CapEff'),
      statusField(pid, 'CapEff'),
      'differs',
    ),
    fact('10 seccomp', '10 seccomp', statusField(process.pid, 'Seccomp'), statusField(pid, 'Seccomp'), 'differs'),
    fact(
      '11 file system of /',
      '11 / 的文件系统',
      type('self') === 'overlay' ? 'overlay, the host’s' : type('self'),
      type(pid),
      'differs',
    ),
    fact(
      '12 its parent',
      '12 它的父进程',
      `${process.pid} node`,
      `${statusField(pid, 'PPid')} ${statusField(Number(statusField(pid, 'PPid')), 'Name')}`,
      'differs',
    ),
    fact('13 address', '13 地址', ip(machine.here, wire.interface), ip(`/proc/${pid}/ns/net`, 'eth0'), 'differs'),
    fact('15 packets that the DNAT rule counted', '15 DNAT 规则数到的包', '0', counted(machine.here), 'differs'),
  ];
}

/** Of the memory controller's group that a process is in; `none` where there is none. */
function memoryLimit(pid: number | 'self'): string {
  const groups = readOr(`/proc/${pid}/cgroup`, '');
  const [, v1] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups) ?? [];
  const [, v2 = '/'] = /^0::(.*)$/m.exec(groups) ?? [];
  const said =
    v1 === undefined
      ? readOr(`/sys/fs/cgroup${v2}/memory.max`, 'max')
      : readOr(`/sys/fs/cgroup/memory${v1}/memory.limit_in_bytes`, 'max');
  const bytes = Number(said);
  return Number.isNaN(bytes) || bytes > 2 ** 60 ? 'none' : `${bytes / (1 << 20)} MiB`;
}

/** Pieces that know which steps they made, and how many of these the kernel did. */
function countSteps(pieces: Pieces, names: readonly string[]) {
  const made = new WeakSet<object>();
  let done = 0;
  const note = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('op' in value) made.add(value);
    else for (const one of Object.values(value)) note(one);
  };
  const own = names.map(name => {
    const piece = pieces[name as keyof Pieces] as (...args: unknown[]) => unknown;
    return [
      name,
      (...args: unknown[]) => {
        const value = piece(...args);
        note(value);
        return value;
      },
    ];
  });
  return {
    pieces: { ...pieces, ...Object.fromEntries(own) } as Pieces,
    done: (step: object): boolean => {
      if (made.has(step)) done++;
      return made.has(step);
    },
    count: () => done,
  };
}

/** The first packets of what `act` does, past all points of a container; nothing where there is no tcpdump. */
async function walksOf(machine: Machine, id: string, act: () => Promise<void>): Promise<string[]> {
  if (systemProgram('tcpdump') === undefined) {
    await act();
    return ['# tcpdump: command not found'];
  }
  const { record } = await machine.engine().containers.inspect(id);
  const stop = new AbortController();
  const walks: Walk[] = [];
  let view: TerminalView | undefined;
  let acted: Promise<void> | undefined;
  await capture(
    {
      containers: [record],
      points: [],
      filter: '',
      port: 8080,
      snapLength: 262_144,
      milliseconds: 20_000,
      abort: stop.signal,
    },
    {
      begins: points => {
        view = new TerminalView(points, machine.width, false);
        acted = act().finally(() => stop.abort());
      },
      walk: walk => void walks.push(walk),
      settled: () => {},
      note: () => {},
    },
  );
  await acted;
  return walks.slice(0, 2).flatMap(walk => view!.walk(walk).trimEnd().split('\n'));
}

/** A server that listens only inside. */
async function loopback(machine: Machine, tell: Tell): Promise<Evidence> {
  const ask = async (listen: string) => {
    const id = await machine.run({ name: `on-${listen.replaceAll('.', '-')}`, listen });
    const pid = await machine.listening(id);
    tell(`listen ${listen}:80`);
    const inside = await fetchFrom(`/proc/${pid}/ns/net`, 'http://127.0.0.1/');
    const outside = await fetchFrom(machine.client, url);
    await machine.remove(id);
    return { inside, outside };
  };
  const [all, own] = [await ask('0.0.0.0'), await ask('127.0.0.1')];
  return {
    columns: [
      { en: 'listen 0.0.0.0:80', zh: 'listen 0.0.0.0:80' },
      { en: 'listen 127.0.0.1:80', zh: 'listen 127.0.0.1:80' },
    ],
    facts: [
      fact('asked in the container', '在容器里访问', all.inside, own.inside, 'same'),
      fact('asked by the client: host:8080', '客户机访问宿主机的 8080', all.outside, own.outside, 'differs'),
    ],
  };
}

/** A server that PID 1 sends to the background, and leaves; and one that PID 1 becomes. */
async function background(machine: Machine, tell: Tell): Promise<Evidence> {
  const { containers } = machine.engine();
  const look = async (name: string, script: string) => {
    const id = await machine.run({ name, command: ['sh', '-c', script] });
    tell(`$ minidock run -d nginx sh -c '${script}'`);
    if (name === 'left') await containers.wait(id);
    const { record } = await containers.inspect(id);
    const { status, exitCode } = record.state;
    const processes = fs
      .readdirSync('/proc')
      .filter(pid => /^\d+$/.test(pid) && readOr(`/proc/${pid}/cgroup`, '').includes(`/${id}`));
    await machine.remove(id);
    return { status, exit: status === 'running' ? '–' : String(exitCode), processes: String(processes.length) };
  };
  const left = await look('left', 'sleep 60 & exit 0');
  const kept = await look('kept', 'exec sleep 60');
  return {
    columns: [
      { en: 'sleep 60 & exit 0', zh: 'sleep 60 & exit 0' },
      { en: 'exec sleep 60', zh: 'exec sleep 60' },
    ],
    facts: [
      fact('status', '状态', left.status, kept.status, 'differs'),
      fact('exit status', '退出状态', left.exit, kept.exit, 'differs'),
      fact('processes that are left', '还在的进程', left.processes, kept.processes, 'differs'),
    ],
  };
}

/** Two containers want one port. */
async function taken(machine: Machine, tell: Tell): Promise<Evidence> {
  const first = await machine.run({ name: 'first' });
  tell('$ minidock run -d --name first -p 8080:80 nginx');
  try {
    tell('$ minidock run -d --name second -p 8080:80 nginx');
    await machine.run({ name: 'second' });
    return { facts: [] };
  } finally {
    await machine.listening(first);
    tell(`first: ${await fetchFrom(machine.client, url)}`);
    for (const name of ['first', 'second']) await machine.remove(name).catch(() => {});
  }
}

/** What is seen of a container, from outside and of the kernel. */
interface Look {
  readonly page: string;
  readonly inside: string;
  readonly capabilities: string;
  readonly memory: string;
}

/** The one on all pieces is looked at once. */
const wells = new WeakMap<Machine, Look>();

/** The same container twice, the second time with a piece that does nothing. */
async function without(machine: Machine, name: 'capabilities' | 'joinCgroup' | 'portRules'): Promise<Evidence> {
  const look = async (pieces: Pieces, container: string): Promise<Look> => {
    const id = await machine.run({ name: container, memory: 64 << 20 }, pieces);
    const pid = await machine.listening(id);
    const seen = {
      page: await fetchFrom(machine.client, url, container === 'broken' && name === 'portRules' ? 1500 : undefined),
      inside:
        name === 'portRules' || container === 'well' ? await fetchFrom(`/proc/${pid}/ns/net`, 'http://127.0.0.1/') : '',
      capabilities: statusField(pid, 'CapEff'),
      memory: memoryLimit(pid),
    };
    await machine.remove(id);
    return seen;
  };
  if (!wells.has(machine)) wells.set(machine, await look(enginePieces, 'well'));
  const well = wells.get(machine)!;
  const broken = await look({ ...enginePieces, [name]: () => [] }, 'broken');
  const row = (en: string, zh: string, key: keyof typeof well, claim: Fact['claim']) =>
    fact(en, zh, well[key], broken[key], claim);
  const rows = {
    capabilities: [
      row('the page, from the client', '客户机得到的页面', 'page', 'same'),
      row('capabilities (CapEff)', '权能（CapEff）', 'capabilities', 'differs'),
    ],
    joinCgroup: [
      row('the page, from the client', '客户机得到的页面', 'page', 'same'),
      row('limit of memory', '内存上限', 'memory', 'differs'),
    ],
    portRules: [
      row('the page, inside', '在容器里得到的页面', 'inside', 'same'),
      row('the page, from the client', '客户机得到的页面', 'page', 'differs'),
    ],
  };
  return {
    columns: [
      { en: 'all pieces', zh: '全部函数' },
      { en: `without ${name}`, zh: `没有 ${name}` },
    ],
    facts: rows[name],
  };
}

/** Wrapping takes spaces away with which a line begins. */
const keepIndent = (line: string) => line.replace(/ {2,}/g, spaces => '\u00a0'.repeat(spaces.length));
const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
