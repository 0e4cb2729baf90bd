import type { Language, Text } from '../../../syscalls/text/language.ts';
import { capabilityNames } from '../../../syscalls/uapi/capabilities.ts';
import type { Group, Namespace, Process, Rights, Sharer, Xray } from '../../model.ts';
import { meaningOf, settingNames } from '../words.ts';
import type { Cells, Line, Section } from './layout.ts';

/** Processes, namespaces, cgroups, rights and limits. */
export function processSections(xray: Xray, language: Language): Section[] {
  const { processes, namespaces, cgroups, rights, limits, container } = xray;
  const pid = container.pid ?? 0;
  const found: Section[] = [];
  if (processes !== undefined)
    found.push({
      title: { en: 'Processes', zh: '进程' },
      about: {
        en: 'One process has a pid for each PID namespace that it can be seen from.',
        zh: '从每个能看到它的 PID 命名空间看，同一个进程各有一个 pid。',
      },
      commands: [`ps -o pid,ppid,uid,stat,args -p ${processes.map(one => one.pid).join(',')}`],
      lines: processTable(processes, language),
    });
  if (namespaces !== undefined)
    found.push({
      title: { en: 'Namespaces', zh: '命名空间' },
      about: {
        en: 'Two processes share a namespace if and only if its inode is the same.',
        zh: '当且仅当 inode 相同，两个进程才处于同一个命名空间。',
      },
      commands: [`ls -l /proc/${pid}/ns`, `lsns -p ${pid}`],
      lines: namespaceTable(namespaces, language),
    });
  if (cgroups !== undefined && (cgroups.length > 0 || container.pid !== undefined))
    found.push({
      title: { en: 'Cgroups', zh: '控制组' },
      about: {
        en: 'A group is a directory, a limit is a file in it.',
        zh: '组就是目录，限制就是其中的文件。',
      },
      commands: [container.pid === undefined ? `ls -d ${cgroups[0]?.directory}` : `cat /proc/${pid}/cgroup`],
      lines: cgroups.length === 0 ? [noGroup[language]] : groupLines(cgroups, language),
    });
  if (rights !== undefined)
    found.push({
      title: { en: 'Rights', zh: '权限' },
      about: { en: 'What its first process may do.', zh: '第一个进程可以做什么。' },
      commands: [`grep -E 'Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp' /proc/${pid}/status`],
      lines: rightsLines(rights, language),
    });
  if (limits !== undefined)
    found.push({
      title: { en: 'Limits of a process', zh: '单个进程的限制' },
      about: { en: 'setrlimit(2): each process by itself.', zh: 'setrlimit(2)：对每个进程单独生效。' },
      commands: [`prlimit --pid ${pid}`],
      lines: [
        head({ en: 'LIMIT,SOFT,HARD,UNIT', zh: '限制,软,硬,单位' }, language),
        ...limits.map(({ name, soft, hard, unit }) => ({ cells: [name, soft, hard, unit] })),
      ],
    });
  return found;
}

const noGroup: Text = { en: 'none of its own: it is in the group of the host', zh: '没有自己的组：处于宿主机的组里' };

/** Titles of columns, separated by commas. */
export function head(titles: Text, language: Language): Cells {
  return { cells: titles[language].split(','), style: 'head' };
}

const outside: Text = { en: '(outside)', zh: '（容器外）' };

/** Levels of a tree that are indented. */
const deepest = 6;

function processTable(processes: readonly Process[], language: Language): Line[] {
  const depthOf = (one: Process): number => {
    const parent = processes.find(({ pid }) => pid === one.parent);
    return parent === undefined || parent === one ? 0 : depthOf(parent) + 1;
  };
  const tree = (one: Process) => {
    const depth = Math.min(depthOf(one), deepest);
    return depth === 0 ? '' : `${'  '.repeat(depth - 1)}└ `;
  };
  return [
    head({ en: 'PID,INSIDE,UID,STATE,COMMAND', zh: '外部 PID,内部 PID,UID,状态,命令' }, language),
    ...processes.map((one): Cells => {
      const isOutside = one.role === 'outside';
      const command = isOutside ? `${one.command} ${outside[language]}` : one.command;
      const cells = [String(one.pid), String(isOutside ? '–' : (one.inside ?? '–')), String(one.uid), one.state];
      return { cells: [...cells, tree(one) + command], ...(isOutside && { style: 'dim' as const }) };
    }),
  ];
}

function namespaceTable(namespaces: readonly Namespace[], language: Language): Line[] {
  return [
    head({ en: 'TYPE,INODE,WHOSE', zh: '类型,INODE,归属' }, language),
    ...namespaces.map(({ type, inode, host, sharedWith }): Cells => {
      const whose = host ? hostsOwn : sharedWith.length === 0 ? itsOwn : sharedBy(sharedWith);
      return { cells: [type, String(inode), whose[language]], ...(host && { style: 'dim' as const }) };
    }),
  ];
}

const hostsOwn: Text = { en: "the host's: shared with everything there", zh: '宿主机的：与那里的一切共享' };
const itsOwn: Text = { en: 'its own', zh: '自己的' };

function sharedBy(sharers: readonly Sharer[]): Text {
  const shown = sharers.slice(0, 4);
  const more = sharers.length - shown.length;
  const named = (language: Language) =>
    shown.map(({ container, name, pids, command }) => {
      const by = `PID ${pids.join(' ')}`;
      if (container === undefined) return `${command.split(' ')[0]} (${by})`;
      return `${language === 'en' ? 'container' : '容器'} ${name ?? container.slice(0, 12)} (${by})`;
    });
  return {
    en: `shared with ${named('en').join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
    zh: `与 ${named('zh').join('、')}${more > 0 ? ` 以及另外 ${more} 个` : ''} 共享`,
  };
}

/** Groups that limit something, each with its files; the rest in a line. */
function groupLines(groups: readonly Group[], language: Language): Line[] {
  const lines: Line[] = [];
  for (const { directory, settings } of groups.filter(one => one.settings.length > 0)) {
    lines.push(directory);
    for (const setting of settings) {
      const { what, value, file } = setting;
      const name = file.slice(directory.length + 1);
      const raw = value.includes('\n') || value.length > 24 ? '' : ` = ${value}`;
      lines.push({ cells: [`  ${settingNames[what][language]}`, meaningOf(setting)[language], `${name}${raw}`] });
    }
  }
  const rest = groups.filter(one => one.settings.length === 0);
  if (rest.length > 0) {
    const names = rest.map(({ controllers }) => controllers.join(',') || 'unified').join(' ');
    lines.push(language === 'en' ? `also in ${names}, which limit nothing` : `也在 ${names} 中，它们不限制什么`);
  }
  return lines;
}

function rightsLines(rights: Rights, language: Language): Line[] {
  const words = (en: string, zh: string) => (language === 'en' ? en : zh);
  const { capabilities, uid, gid, groups, uidMap } = rights;
  const short = (names: readonly string[]) => names.map(name => name.replace(/^CAP_/, '').toLowerCase()).join(' ');
  const counted = (names: readonly string[]) =>
    names.length === 0
      ? words('none', '无')
      : names.length === capabilityNames.length
        ? words(`all ${names.length}`, `全部 ${names.length} 种`)
        : `${words(`${names.length} of ${capabilityNames.length}`, `${capabilityNames.length} 种中的 ${names.length} 种`)}: ${short(names)}`;
  const isFirst = uidMap.length === 1 && uidMap[0] === '0 0 4294967295';
  const rows: [string, string][] = [
    [words('user', '用户'), `${uid[1]}${uid[1] === 0 ? ' (root)' : ''}`],
    [words('group', '组'), [gid[1], ...groups.filter(group => group !== gid[1])].join(' ')],
    [
      words('user ids', '用户 ID'),
      isFirst
        ? words('as on the host: no user namespace of its own', '与宿主机相同：没有自己的用户命名空间')
        : uidMap
            .map(line => line.split(' '))
            .map(([inside, out, count]) => `${inside} → ${out} (${count})`)
            .join(', '),
    ],
    [words('capabilities', '权能'), counted(capabilities.effective)],
  ];
  if (capabilities.bounding.join() !== capabilities.effective.join())
    rows.push([words('at most', '上限'), counted(capabilities.bounding)]);
  rows.push(
    [
      'seccomp',
      rights.seccomp === 'off'
        ? words('off: every syscall is let through', '关闭：放行所有系统调用')
        : `${rights.seccomp}${rights.filters ? ` × ${rights.filters}` : ''}`,
    ],
    [
      'no_new_privs',
      rights.noNewPrivs
        ? words('on: execve gives no new rights', '开启：execve 不会带来新权限')
        : words('off: setuid programs work', '关闭：setuid 程序有效'),
    ],
    ['oom_score_adj', String(rights.oomScoreAdj)],
  );
  if (rights.label !== undefined) rows.push([words('label', '安全标签'), rights.label]);
  return rows.map(cells => ({ cells }));
}
