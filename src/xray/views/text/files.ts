import type { Language } from '../../../syscalls/text/language.ts';
import type { Layers, MountSeen, Xray } from '../../model.ts';
import { bytes } from '../words.ts';
import type { Line, Section } from './layout.ts';
import { head } from './processes.ts';

/** Layers and mounts. */
export function filesSections({ layers, mounts, container }: Xray, language: Language): Section[] {
  const { pid } = container;
  const found: Section[] = [];
  if (layers !== undefined)
    found.push({
      title: { en: 'Layers of its root', zh: '根文件系统的各层' },
      about: {
        en: 'A name is looked for from the top down; only the upper layer is ever written to.',
        zh: '查找文件名时自上而下；只有 upper 层会被写入。',
      },
      commands: [
        pid === undefined ? `du -sh ${layers.upper?.directory ?? '/'}` : `grep ' / / ' /proc/${pid}/mountinfo`,
      ],
      lines: layerLines(layers, language),
    });
  if (mounts !== undefined)
    found.push({
      title: { en: 'Mounts', zh: '挂载' },
      about: {
        en: 'In the order of the kernel. A private mount passes nothing on to the host, and gets nothing from there.',
        zh: '按内核中的顺序。private 的挂载与宿主机互不传播。',
      },
      commands: [`cat /proc/${pid}/mountinfo`, `findmnt -N ${pid} -o TARGET,FSTYPE,SOURCE,PROPAGATION`],
      lines: [
        head({ en: 'WHERE,TYPE,PROPAGATION,FROM', zh: '位置,类型,传播,来源' }, language),
        ...mounts.map(mount => ({ cells: [mount.target, mount.type, mount.propagation, fromOf(mount)] })),
      ],
    });
  return found;
}

function layerLines({ type, lower, upper, work }: Layers, language: Language): Line[] {
  if (type !== 'overlay')
    return [language === 'en' ? `its root is no overlay but ${type}` : `它的根不是 overlay，而是 ${type}`];
  const rows: string[][] = [];
  if (upper !== undefined) rows.push(['upper', bytes(upper.bytes), upper.directory]);
  for (const [i, layer] of lower.entries()) {
    const size = layer.bytes === undefined ? '' : bytes(layer.bytes);
    const digest = layer.diffId === undefined ? '' : `${layer.diffId} `;
    rows.push([`lower ${lower.length - i}`, size, `${digest}${layer.directory}`]);
  }
  if (work !== undefined) rows.push(['work', '', work.directory]);
  return [
    head({ en: 'LAYER,SIZE,DIGEST AND DIRECTORY', zh: '层,大小,摘要与目录' }, language),
    ...rows.map(cells => ({ cells })),
  ];
}

/** The directory of the host, or what the file system calls its source. */
function fromOf({ hostPath, source, root, options }: MountSeen): string {
  const from = hostPath ?? (root === '/' ? source : `${source}[${root}]`);
  return options.split(',').includes('ro') ? `${from} (ro)` : from;
}
