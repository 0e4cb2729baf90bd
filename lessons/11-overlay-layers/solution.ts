import type { Pieces } from '../../src/engine/compile/pieces.ts';
import { call, mount } from '../../src/syscalls/calls.ts';
import { str, text } from '../../src/syscalls/data.ts';
import type { Step } from '../../src/syscalls/step.ts';
import { AT, S } from '../../src/syscalls/uapi/flags.ts';

/**
 * In a layer: lower layers have nothing at `path`.
 * 在某一层里：下面各层在 `path` 处的内容都不算数。
 */
export const whiteoutStep = (path: string): Step => {
  //> One step. What is a whiteout on disk? mknodat wants a directory (AT.AT_FDCWD), a path, a type, a device number.
  //> 一个步骤。磁盘上的 whiteout 是什么？mknodat 的参数是目录（AT.AT_FDCWD）、路径、类型、设备号。
  return call('mknodat', [AT.AT_FDCWD, str(path), S.S_IFCHR, 0], {
    why: { en: 'a whiteout: lower layers have nothing here', zh: 'whiteout：下面各层在这里什么也没有' },
  });
  //<
};

/**
 * In a layer: what lower layers have in this directory is not seen.
 * 在某一层里：下面各层在这个目录里的内容都看不见。
 */
export const opaqueStep = (directory: string): Step => {
  //> One step: lsetxattr(path, name, value, size, flags). `text('y')` makes bytes without a NUL.
  //> 一个步骤：lsetxattr(路径, 名字, 值, 长度, 标志)。`text('y')` 生成不带 NUL 的字节。
  return call('lsetxattr', [str(directory), str('trusted.overlay.opaque'), text('y'), 1, 0], {
    why: {
      en: 'an opaque directory: nothing of lower layers is seen in it',
      zh: '不透明目录：下面各层的内容在这里都看不见',
    },
  });
  //<
};

/**
 * The stack becomes one tree on `overlay.target`. `lower` has the topmost layer first; its names begin at `lowerBase`.
 * 整叠层合成一棵树，挂在 `overlay.target` 上。`lower` 里最上面的层在最前面，名字从 `lowerBase` 算起。
 */
export const overlayMount: Pieces['overlayMount'] = (overlay, options) => {
  //> Two steps: go where the names begin, then mount. lowerdir=A:B,upperdir=C,workdir=D and then `options`, with commas between.
  //> Colons and commas are separators there. What becomes of a directory that is called a:b or c,d?
  //> 两个步骤：先走到名字的起点，再挂载。lowerdir=A:B,upperdir=C,workdir=D，后面是 `options`，都用逗号分开。
  //> 冒号和逗号在那里是分隔符。如果目录名就叫 a:b 或 c,d，怎么办？
  const escaped = (path: string) => path.replace(/[\\:,]/g, '\\$&');
  const data = [
    `lowerdir=${overlay.lower.map(escaped).join(':')}`,
    `upperdir=${escaped(overlay.upper)}`,
    `workdir=${escaped(overlay.work)}`,
    ...options,
  ].join(',');
  return [
    call('chdir', [str(overlay.lowerBase)], {
      why: { en: 'the layers are named from here', zh: '各层的名字从这里算起' },
    }),
    mount('overlay', overlay.target, 'overlay', 0, data, {
      why: {
        en: 'the layers below, the writable directory above, one tree',
        zh: '下面是各层，上面是可写目录，合成一棵树',
      },
    }),
  ];
  //<
};
