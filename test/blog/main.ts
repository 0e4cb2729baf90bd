/**
 * `npm run test:blog`: the course's own examples on a real Debian, with the packages of this machine's mirror. nginx by `apt-get install`; a
 * program that one stage compiles and another runs; the blog, Django and gunicorn beside a MariaDB on a network of its own, whose posts outlive
 * both containers; the same as the sheet of lab 4 has it; and with nginx in front, as a project of docker-compose through our daemon. Minutes, most of
 * them apt's: it is no part of `npm test`.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { debianImage } from '../../scripts/images/debian-base.ts';
import { loadLab, readLabText } from '../../src/workshop/lab/catalog.ts';
import { seededRandom } from '../../src/workshop/lab/seed.ts';
import { fillIn } from '../../src/workshop/lab/sheet.ts';
import { codeBlocks } from '../../src/workshop/text/markdown.ts';
import { startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { LearnersShell } from '../support/learners-shell.ts';
import { type Sandbox, sandbox } from '../support/minidock.ts';
import { freePort } from '../support/registry.ts';
import { requires } from '../support/requires.ts';
import { assertSaid } from '../support/sheet.ts';

const test = requires('root', 'overlayfs', 'iptables', 'debootstrap');
const folder = import.meta.dirname;
let box: Sandbox;

test.before(async () => {
  box = sandbox();
  await box.ok(['import', '-c', 'CMD ["bash"]', (await debianImage()).rootfs, 'debian']);
});

async function build(name: string): Promise<void> {
  const begun = Date.now();
  await box.ok(['build', '-t', name, join(folder, name)], { timeout: 480_000 });
  console.log(`  ${name}: built in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

/** The page at a published port of this machine, once somebody answers. */
async function page(port: number, body?: Record<string, string>): Promise<string> {
  return await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      redirect: 'follow',
      ...(body && { method: 'POST', body: new URLSearchParams(body) }),
    });
    assert.is(response.status, 200, await response.clone().text());
    return await response.text();
  }, 60);
}

test('nginx, installed by apt-get in a RUN', async () => {
  await build('nginx');
  const port = await freePort();
  await box.ok(['run', '--name', 'my-nginx', '-d', '-p', `${port}:80`, 'nginx']);
  assert.match(await page(port), 'Welcome to nginx!');
  assert.match(await box.ok(['top', 'my-nginx']), 'nginx: worker process');
  await box.ok(['rm', '-f', 'my-nginx']);
});

test('a program is compiled in one stage; the image of the other holds nothing else', async () => {
  await build('compile');
  assert.is(await box.ok(['run', '--rm', 'compile']), 'built in one stage, run in another');
  assert.ok(Number(await box.ok(['inspect', '-f', '{{.Size}}', 'compile'])) < 2_000_000);
});

test('the blog: a post outlives the containers of Django and of MariaDB', async () => {
  await build('database');
  await build('web');
  await box.ok(['network', 'create', 'blog']);
  await box.ok(['volume', 'create', 'posts']);
  const port = await freePort();
  const start = async () => {
    const database = ['-e', 'MYSQL_DATABASE=myblog', '-e', 'MYSQL_USER=blog', '-e', 'MYSQL_PASSWORD=123456'];
    const mounts = ['--mount', 'type=volume,source=posts,target=/var/lib/mysql'];
    await box.ok(['run', '-d', '--name', 'mysql', '--network', 'blog', ...mounts, ...database, 'database']);
    const web = ['-e', 'MYSQL_HOST=mysql', '-e', 'MYSQL_USER=blog', '-e', 'MYSQL_PASSWD=123456'];
    await box.ok(['run', '-d', '--name', 'myblog', '--network', 'blog', '-p', `${port}:8002`, ...web, 'web']);
  };
  await start();
  await eventually(async () => void (await box.ok(['exec', 'myblog', 'python3', 'manage.py', 'migrate'])), 90);
  assert.match(
    await page(port, { title: '第一篇', body: 'It is in the <volume>.' }),
    /<h2>第一篇<\/h2>\s*<p>It is in the &lt;volume&gt;/,
  );
  const before = await page(port);
  // A database is told to end, and has ended before its volume goes to the next.
  await box.ok(['stop', 'mysql']);
  await box.ok(['rm', '-f', 'myblog', 'mysql']);
  await start();
  assert.is(await page(port), before);
  assert.match(before, '第一篇');
  await box.ok(['rm', '-f', 'myblog', 'mysql']);
});

test('the sheet of lab 4: its blocks for Django and MariaDB, typed in order', async () => {
  const id = '04-blog-with-database';
  // Those of the test before: the sheet's own builds find each step in the cache.
  for (const name of ['database', 'web']) await build(name);
  const values = { ...(await loadLab(id)).values(seededRandom('blog')), door: await freePort() };
  const shell = new LearnersShell(box.folder, box.env);
  try {
    const blocks = codeBlocks(readLabText(id, 'en')).filter(({ info }) => info === 'sh blog');
    assert.is(blocks.length, 5);
    for (const { content } of blocks) {
      const text = fillIn(content, values);
      assertSaid(text, (await shell.type(text)).output);
    }
  } finally {
    shell.close();
  }
  assert.is(await box.ok(['ps', '-aq']), '');
  assert.is(await box.ok(['volume', 'ls', '-q', '--filter', 'name=posts-']), '');
});

requires(
  'root',
  'overlayfs',
  'iptables',
  'debootstrap',
  'docker-compose',
)('the project: docker-compose builds and starts nginx, Django and MariaDB; a post outlives them', async () => {
  const daemon = await startDaemon(box);
  const compose = async (...args: string[]) => {
    const begun = Date.now();
    const { exitCode, stdout, stderr } = await execa('docker-compose', ['--no-ansi', '-p', 'course', ...args], {
      cwd: join(folder, 'project'),
      reject: false,
      stdin: 'ignore',
      env: { DOCKER_HOST: daemon.host, DOCKER_CONFIG: box.folder },
      timeout: 480_000,
    });
    assert.is(exitCode, 0, `docker-compose ${args.join(' ')}: ${stdout}${stderr}`);
    console.log(`  docker-compose ${args.join(' ')}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    return stdout;
  };
  const project = 'label=com.docker.compose.project=course';
  const published = async () => Number((await compose('port', 'nginx', '80')).split(':')[1]);

  await compose('up', '-d', '--build');
  await eventually(() => compose('exec', '-T', 'myblog', 'python3', 'manage.py', 'migrate'), 90);
  const written = await page(await published(), { title: '第二篇', body: 'By way of nginx.' });
  assert.match(written, /<h2>第二篇<\/h2>\s*<p>By way of nginx\./);
  assert.match(await compose('logs', '--no-color', 'myblog'), /myblog_1 +\| .*"POST \/ HTTP\/1\.[01]" 302/);
  assert.is((await compose('ps', '-q')).split('\n').length, 3);
  await compose('restart', 'myblog');
  assert.is(await page(await published()), written);
  await compose('down');
  assert.is(await box.ok(['ps', '-aq', '--filter', project]), '');
  await compose('up', '-d');
  assert.is(await page(await published()), written);
  await compose('down', '-v');
  assert.is(await box.ok(['volume', 'ls', '-q', '--filter', project]), '');
  assert.is(await box.ok(['network', 'ls', '-q', '--filter', project]), '');
  await daemon.end();
});

test.run();
