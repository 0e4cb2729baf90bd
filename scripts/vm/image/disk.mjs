import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SECTOR = 512;
const MIB = 1 << 20;
/** In MiB: what the machine boots from, behind the partition table; then the system. What is not written takes no room. */
const boot = { start: 1, size: 255 };
const system = { start: 256, size: 8192 - 256 - 1 };

/**
 * A disk with two partitions that a PC's firmware boots: a small FAT one with the kernel, and Debian's in ext4. Each tool writes into
 * the file at the partition's place, so that no loop device is needed and nothing has to be mounted.
 */
export async function makeDisk({ root, disk, must }) {
  const sectors = mib => (mib * MIB) / SECTOR;
  writeFileSync(disk, '');
  truncateSync(disk, 8192 * MIB);
  const table = [
    'label: dos',
    `start=${sectors(boot.start)}, size=${sectors(boot.size)}, type=c, bootable`,
    `start=${sectors(system.start)}, size=${sectors(system.size)}, type=83`,
    '',
  ].join('\n');
  await must('sh', ['-c', 'printf %s "$1" | sfdisk -q "$2"', 'sh', table, disk], 'the disk could not be divided');
  // The firmware reads these first bytes, which find the partition that is bootable; the table begins at byte 440.
  const mbr = '/usr/lib/syslinux/mbr/mbr.bin';
  await must(
    'dd',
    [`if=${mbr}`, `of=${disk}`, 'bs=440', 'count=1', 'conv=notrunc', 'status=none'],
    'the disk could not be made to boot',
  );

  const fat = `${disk}@@${boot.start}M`;
  const files = readdirSync(join(root, 'boot'));
  const newest = prefix =>
    join(
      root,
      'boot',
      files
        .filter(name => name.startsWith(prefix))
        .sort()
        .at(-1),
    );
  const config = fileURLToPath(new URL('syslinux.cfg', import.meta.url));
  await must(
    'mformat',
    ['-i', fat, '-F', '-T', String(sectors(boot.size)), '-H', String(sectors(boot.start)), '::'],
    'the partition to boot from could not be made',
  );
  for (const [source, name] of [
    [newest('vmlinuz-'), 'vmlinuz'],
    [newest('initrd.img-'), 'initrd.img'],
    [config, 'syslinux.cfg'],
  ])
    await must('mcopy', ['-i', fat, source, `::${name}`], `${name} could not be put onto the disk`);
  await must(
    'syslinux',
    ['--install', '--offset', String(boot.start * MIB), disk],
    'the disk could not be made to boot',
  );

  const place = ['-E', `offset=${system.start * MIB},lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0`];
  await must(
    'mke2fs',
    ['-q', '-F', '-t', 'ext4', '-L', 'minidock', ...place, '-d', root, disk, `${system.size}M`],
    'the file system of the machine could not be made',
  );
}
