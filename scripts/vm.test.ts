import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { codeBlocks, markdownShape } from '../src/workshop/text/markdown.ts';

/** What `npm run vm` refuses, in one line with its remedy, before anything is made. The rest is test/vm-image.ts. */
const program = fileURLToPath(new URL('vm.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'minidock-vm-'));
test.after(() => rmSync(folder, { recursive: true }));

function vm(args: string[], { env = process.env as Record<string, string>, uid }: { env?: object; uid?: number } = {}) {
  const options = { encoding: 'utf8', env: env as NodeJS.ProcessEnv, ...(uid !== undefined && { uid }) } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
  return { status, stdout, stderr };
}

function refuses(answer: ReturnType<typeof vm>, words: RegExp): void {
  assert.is(answer.status, 1, answer.stderr);
  assert.match(answer.stderr, words);
  assert.match(answer.stderr, /^vm: [^\n]+\n {2}fix: [^\n]+\n$/);
}

test('options that make no sense', () => {
  refuses(vm(['--nope']), /^vm: Unknown option '--nope'/);
  refuses(vm(['--memory', 'much']), /^vm: invalid --memory "much": a number of MiB, 512 or more$/m);
  refuses(vm(['--memory', '64']), /invalid --memory "64"/);
  for (const forward of ['8080', '0:80', '8080:70000', 'a:b'])
    refuses(
      vm(['--forward', forward]),
      new RegExp(`^vm: invalid --forward "${forward}": two ports from 1 to 65535$`, 'm'),
    );
  assert.match(vm(['--help']).stdout, /^usage: npm run vm -- .*\n {2}--build-only /);
});

test('an image that is there, and no qemu; a port that another program has', async () => {
  const image = join(folder, 'image');
  writeFileSync(image, '');
  const nothing = join(folder, 'bin');
  mkdirSync(nothing);
  refuses(
    vm(['--image', image], { env: { PATH: nothing } }),
    /^vm: qemu-system-x86_64 is not here: it boots the image$/m,
  );
  assert.match(vm(['--image', image, '--build-only']).stdout, /is there already/);

  const qemu = join(nothing, 'qemu-system-x86_64');
  writeFileSync(qemu, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  refuses(
    vm(['--image', image, '--forward', `${port}:80`], { env: { PATH: nothing } }),
    new RegExp(`^vm: port ${port} of 127\\.0\\.0\\.1 cannot be forwarded: another program has it$`, 'm'),
  );
  await new Promise(resolve => server.close(resolve));
});

test('no root to build with, and a place where nothing can be made', () => {
  if (process.arch !== 'x64') return;
  if (process.geteuid?.() !== 0) {
    refuses(vm(['--image', join(folder, 'none')]), /building it needs root/);
    return;
  }
  refuses(vm(['--image', '/dev/null/image']), /^vm: \/dev\/null\/image cannot be made: \w+ at \/dev\/null$/m);
  refuses(vm(['--image', '/proc/none/image']), /^vm: \/proc\/none\/image cannot be made: ENOENT at \/proc\/none$/m);
});

test('the machine has the packages that lessons and labs set up', () => {
  const list = readFileSync(fileURLToPath(new URL('vm/image/packages.mjs', import.meta.url)), 'utf8');
  const setup = readFileSync(fileURLToPath(new URL('setup/packages.mjs', import.meta.url)), 'utf8');
  const wanted = ['compiler', 'engine', 'network', 'processes', 'busybox', 'curl', 'tcpdump'].flatMap(name => {
    const [text = ''] = new RegExp(`^const ${name} = [^]*?;$`, 'm').exec(setup) ?? [];
    return [...text.matchAll(/apt: '([^']+)'/g)].map(([, apt]) => apt!);
  });
  assert.ok(wanted.length > 6, wanted.join());
  assert.equal(
    wanted.filter(apt => !list.includes(`'${apt}'`)),
    [],
  );
});

test('labs/vm says the same in both languages', () => {
  const labs = (name: string) => readFileSync(fileURLToPath(new URL(`../labs/vm/${name}`, import.meta.url)), 'utf8');
  const [english, chinese] = [labs('README.md'), labs('README.zh-CN.md')];
  assert.equal(markdownShape(chinese), markdownShape(english));
  const commands = (text: string) => codeBlocks(text).map(({ content }) => content.replace(/ +#.*$/gm, ''));
  assert.equal(commands(chinese), commands(english));
  const prose = chinese.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  assert.not.match(prose, /[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]/);
  const scripts = commands(english)
    .join('')
    .match(/(?<=^npm run )\S+/gm);
  assert.equal([...new Set(scripts)], ['vm']);
  for (const [, words = ''] of commands(english)
    .join('')
    .matchAll(/^npm run vm(?: -- (.*))?$/gm))
    assert.is(vm([...words.split(' ').filter(Boolean), '--help']).status, 0, words);
});

test.run();
