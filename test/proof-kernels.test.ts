import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { ContainerOptions } from '../src/container/record.ts';
import { createContainer } from '../src/engine/containers/create.ts';
import { startContainer } from '../src/engine/containers/start.ts';
import { EngineContext } from '../src/engine/context.ts';
import { execInContainer } from '../src/engine/execs/exec.ts';
import type { ExecOptions } from '../src/engine/nouns/execs.ts';
import { archive } from './support/archive.ts';
import { canaryTree } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { OldKernel } from './support/old-kernel.ts';
import { findProgram, requires } from './support/requires.ts';
import { outcome, runOptions, wantedExec } from './support/run-options.ts';

/**
 * Programs for Linux 3.10 (CentOS 7) run on every later kernel too: the engine is told that this one lacks what came since,
 * and must make the same containers. So each test runs twice, and only the facts differ.
 */
const test = requires('root', 'overlayfs', 'busybox', 'iptables');

let box: Sandbox;
const canary = canaryTree();

test.before(async () => {
  box = sandbox();
  await importImage('busybox', []);
});

/** Busybox, and links that an image may bring along. */
async function importImage(name: string, links: (readonly [string, string])[], directory = 'tmp'): Promise<void> {
  const applets = ['sh', 'cat', 'ls', 'tty', 'id', 'pwd', 'mount', 'grep', 'readlink', 'touch', 'umount', 'head'];
  const tar = await archive([
    { name: 'bin/busybox', content: readFileSync(findProgram('busybox')!), mode: 0o755 },
    ...applets.map(applet => ({ name: `bin/${applet}`, type: 'link' as const, linkname: 'bin/busybox', mode: 0o755 })),
    { name: directory, type: 'directory' },
    ...links.map(([at, linkname]) => ({ name: at, type: 'symlink' as const, linkname })),
  ]);
  const file = join(box.folder, `${name}.tar`);
  writeFileSync(file, tar);
  await box.ok(['import', file, name]);
}

for (const [kernel, Parts] of [
  ['this kernel', EngineContext],
  ['3.10', OldKernel],
] as const) {
  const parts = () => new Parts(box, box.bridge);

  test(`${kernel}: volumes of every kind`, async () => {
    const host = temporaryFolder('volume');
    mkdirSync(join(host, 'inner'));
    writeFileSync(join(host, 'file'), 'a file of the host\n');
    const script = `exec 2>&1; cat /data/file /one; readlink /etc/mtab
      echo kept > /data/written; echo named > /www/deep/written
      touch /readonly/x || echo readonly
      echo inner > /data/inner/x; cat /readonly/inner/x
      grep -c "^[0-9]* [0-9]* [0-9:]* [^ ]* / " /proc/self/mountinfo; ls /; ls /proc/self/fd/ | grep -v 3`;
    const { output, code } = await run(parts(), {
      command: ['sh', '-c', script],
      volumes: [
        { source: host, destination: '/data', readonly: false },
        { source: host, destination: '/readonly', readonly: true },
        { source: join(host, 'file'), destination: '/one', readonly: false },
        { source: 'named', destination: '/www/deep', readonly: false },
        { destination: '/var/anonymous', readonly: false },
      ],
    });
    assert.is(code, 0, output);
    assert.match(output, /^a file of the host\na file of the host\n/);
    assert.match(
      output,
      /Read-only file system\nreadonly\ninner\n1\nbin\ndata\ndev\netc\none\nproc\nreadonly\nsys\ntmp\nvar\nwww\n0\n1\n2\n/,
    );
    assert.is(readFileSync(join(host, 'written'), 'utf8'), 'kept\n');
    assert.is(readFileSync(join(box.root, 'volumes/named/_data/written'), 'utf8'), 'named\n');
  });

  test(`${kernel}: a terminal`, async () => {
    const { output, code } = await run(parts(), {
      command: ['sh', '-c', 'tty; ls /dev/pts; ls -l /dev/console'],
      tty: true,
    });
    assert.is(code, 0, output);
    assert.match(output, /^\/dev\/pts\/0\r\n0 +ptmx\r\ncrw--w---- +1 0 +5 +136, +0 /);
  });

  test(`${kernel}: another user, filtered and without rights`, async () => {
    const status = 'cat /proc/self/status; mount -t tmpfs none /tmp || echo denied';
    const { output, code } = await run(parts(), { command: ['sh', '-c', status], user: '1000:1000', network: 'none' });
    assert.is(code, 0, output);
    for (const line of [
      /^Uid:\t1000\t1000\t1000\t1000$/m,
      /^CapEff:\t0+$/m,
      /^CapBnd:\t00000000a80425fb$/m,
      /^Seccomp:\t2$/m,
      /^denied$/m,
    ])
      assert.match(output, line);
  });

  test(`${kernel}: exec, with and without a terminal`, async () => {
    const engine = parts();
    const record = await createContainer(
      engine,
      runOptions({
        command: ['sh', '-c', 'echo $$ > /here; cat'],
        interactive: true,
        attach: { stdin: true, stdout: true, stderr: true },
      }),
    );
    const container = await startContainer(engine, record, { streams });
    const exec = async (wanted: Partial<ExecOptions>) =>
      await outcome(await execInContainer(engine, record, wantedExec(box, record, wanted), { streams }));
    assert.equal(await exec({ command: ['sh', '-c', 'cat /here; readlink /proc/1/exe; exit 4'] }), {
      output: '1\n/bin/sh\n',
      code: 4,
    });
    assert.equal(await exec({ command: ['tty'], tty: true }), { output: '/dev/pts/0\r\n', code: 0 });
    assert.match((await exec({ command: ['cat', '/proc/self/status'], user: '7' })).output, /^Seccomp:\t2$/m);
    container.attachment.endInput();
    assert.is(await container.exited, 0);
  });

  test(`${kernel}: links of an image lead nowhere but into it`, async () => {
    const up = '../../../../../../../../..';
    await importImage(
      'hostile',
      [
        ['evil', `${up}${canary.path}`],
        ['work', `${up}${canary.path}/etc`],
        ['data', `${up}${canary.path}/private`],
        ['staged', `${up}/source3`],
        ['home', 'var/home'],
      ],
      `${canary.path.slice(1)}/etc`,
    );
    const host = temporaryFolder('volume');
    writeFileSync(join(host, 'file'), 'shared\n');
    const { output, code } = await run(parts(), {
      image: 'hostile',
      workdir: '/work/made/here',
      command: [
        'sh',
        '-c',
        `pwd; cat /evil/etc/passwd /data/file; cat ${canary.path}/private/file; ls /staged /var/home/you; exit 0`,
      ],
      volumes: [
        { source: host, destination: '/data', readonly: true },
        { source: host, destination: '/home/you', readonly: false },
      ],
    });
    canary.check();
    assert.is(code, 0, output);
    assert.not.match(output, new RegExp(canary.secret));
    assert.match(output, /^\/.*\/etc\/made\/here\n/, 'the directory is in the image, where its link leads');
    assert.is(output.split('shared').length - 1, 2, 'by its link and by where that leads');
    assert.match(output, /\/staged: No such file/);
    assert.match(output, /\/var\/home\/you:\nfile\n/, 'the benign twin: a link inside the image works');
  });

  for (const [at, target] of [
    ['sys', '/etc'],
    ['dev', '/private'],
    ['proc', '/etc'],
    ['dev', '/../root/../source0'],
  ] as const)
    test(`${kernel}: /${at} of the image leads to ${target} of the host, and gives way to a directory`, async () => {
      const image = `mounts-${at}${target.replace(/\W+/g, '-')}`;
      await importImage(image, [[at, `../../../../../../..${canary.path}${target}`]]);
      const script = `exec 2>&1; ls -ld /${at} | head -c 1; grep -c " /${at} " /proc/self/mounts`;
      const { output, code } = await run(parts(), { image, command: ['sh', '-c', script] });
      assert.equal([output, code], ['d1\n', 0]);
      canary.check();
    });

  for (const target of ['/proc/self/fd/7/made', '/proc/1/root/made', 'dev/fd/7/made', '/dev/stdin', '/'])
    test(`${kernel}: no volume through ${target}`, async () => {
      const image = `magic-${target.replace(/\W/g, '')}-volume`;
      await importImage(image, [['data', target]]);
      const host = temporaryFolder('volume');
      let refusal = '';
      await run(parts(), {
        image,
        command: ['ls', '/data'],
        volumes: [{ source: host, destination: '/data', readonly: true }],
      }).catch(error => {
        refusal = error.message;
      });
      assert.match(refusal, /invalid mount path "\/data"/);
      assert.equal(readdirSync(host), []);
    });
}

const streams = { stdin: true, stdout: true, stderr: true };

async function run(parts: EngineContext, wanted: Partial<ContainerOptions>): Promise<{ output: string; code: number }> {
  const record = await createContainer(parts, runOptions(wanted));
  const { interactive: stdin } = record.options;
  return await outcome(await startContainer(parts, record, { streams: { ...streams, stdin } }));
}

test.run();
