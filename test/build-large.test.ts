import { createReadStream, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { context } from './support/context.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';

/** A large context: what no instruction uses is not looked at, and what one copies is never in memory as a whole. */
// @mounts-nothing its subject is what is read
const test = requires('root', 'busybox', 'overlayfs', 'strace', 'python3');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

const words = (folder: string) => [minidockPath, 'build', '-q', '--network', 'none', '-t', 'built', folder];

test('of 2,000 files, 50 MB, that nothing uses none is opened, and no directory of them listed', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nENV A=1\nWORKDIR /w\n', '.dockerignore': '*.log\n' });
  for (let i = 0; i < 2000; i++) {
    if (i % 100 === 0) mkdirSync(join(folder, `dir-${i / 100}`));
    const file = join(folder, `dir-${Math.floor(i / 100)}`, `file-${i}`);
    writeFileSync(file, '');
    truncateSync(file, 25_000);
  }
  for (const run of ['anew', 'out of the cache']) {
    const calls = ['-f', '-qq', '-y', '--seccomp-bpf', '-e', 'trace=openat,read,pread64,getdents64,statx,newfstatat'];
    const { stderr } = await execa('strace', [...calls, ...words(folder)], {
      env: { ...box.env, NODE_EXTRA_CA_CERTS: undefined },
      stdin: 'ignore',
      timeout: 60_000,
    });
    const lines = stderr.split('\n').filter(line => line.includes(folder));
    assert.ok(
      lines.some(line => line.includes(`${folder}/Dockerfile`)),
      'strace says what is read',
    );
    assert.equal(
      lines.filter(line => /dir-\d|getdents64/.test(line)),
      [],
      run,
    );
    const bytes = lines
      .filter(line => /\b(read|pread64)\(/.test(line))
      .reduce((sum, line) => sum + Math.max(0, Number(/= (\d+)$/.exec(line)?.[1] ?? 0)), 0);
    assert.is(bytes, 'FROM bb\nENV A=1\nWORKDIR /w\n'.length + '*.log\n'.length, run);
  }
});

test('COPY of 150 MB takes little more memory than a build without it', async () => {
  const folder = context({ Dockerfile: 'FROM bb\nCOPY small /\n', small: '' });
  writeFileSync(join(folder, 'large'), '');
  truncateSync(join(folder, 'large'), 150 << 20);
  const without = await peak(folder);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM bb\nCOPY large /\n');
  const anew = await peak(folder);
  const cached = await peak(folder);
  // What ADD fetches is not held in memory either.
  const server = createServer((_, response) => void createReadStream(join(folder, 'large')).pipe(response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/large`;
  writeFileSync(join(folder, 'Dockerfile'), `FROM bb\nADD ${url} /\n`);
  const fetched = await peak(folder).finally(() => server.close());
  const [low, high] = [without, Math.max(anew, cached, fetched)].map(bytes => Math.round(bytes / 1024));
  assert.ok(high! < low! + 80, `${high} MB, without the file ${low} MB`);
  assert.ok(high! < 250, `${high} MB`);
});

/** The largest resident set of a build and of what it started, in kilobytes (getrusage(2)). */
async function peak(folder: string): Promise<number> {
  const script = `import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`;
  const { stdout } = await execa('python3', ['-c', script, ...words(folder)], {
    env: { ...box.env, NODE_EXTRA_CA_CERTS: undefined },
    timeout: 120_000,
  });
  return Number(stdout);
}

test.run();
