// @own-network a browser gives up what it loads when any link of its network comes or goes
// @mounts-nothing the lessons whose programs it records are repeated where / is shared
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { type Browser, chromium, type Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { endProcesses, onExit } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { sandbox } from './support/minidock.ts';
import { checkout, findProgram, requires } from './support/requires.ts';

/** The handbook in a browser, from a disk and as it drives a real container. */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'chromium');
const { env, folder, minidock } = sandbox();
const site = join(folder, 'handbook');
const languages = ['en', 'zh'] as const;
let browser: Browser;
let live: ReturnType<typeof handbook> | undefined;
/** It removes its site and its container when it is told to end. */
const endLive = () => {
  if (live?.pid !== undefined && live.exitCode === null && live.signalCode === null) endProcesses([live.pid], 10);
};
/** What went wrong in a page by itself: none of it is meant. */
const complaints: string[] = [];

const handbook = (...args: string[]) =>
  execa(process.execPath, ['--import', 'tsx', 'src/workshop/handbook/main.ts', ...args], {
    cwd: checkout,
    env: { ...env, NODE_EXTRA_CA_CERTS: undefined },
    reject: false,
  });

test.before(async () => {
  const { exitCode, stdout, stderr } = await handbook('--out', site);
  assert.is(exitCode, 0, stderr);
  assert.match(stdout, /^✓ \d+ pages: .*index\.html$/);
  assert.is(stderr, '', 'every program was recorded');
  browser = await chromium.launch({ executablePath: findProgram('chromium'), args: ['--no-sandbox'] });
});
test.after(async () => {
  endLive();
  await browser?.close();
});

const urlOf = (page: string) => pathToFileURL(join(site, page)).href;

async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const page = await browser.newPage(options);
  page.on('console', message => message.type() === 'error' && complaints.push(`${url}: ${message.text()}`));
  page.on('pageerror', error => complaints.push(`${url}: ${error}`));
  await page.goto(url);
  return page;
}

test('every page loads without a complaint, and every link of it leads to a place that is there', async () => {
  for (const language of languages) {
    const names = readdirSync(join(site, language));
    assert.ok(names.length > 20);
    const page = await open(urlOf(`${language}/index.html`));
    const ids = new Map<string, Set<string>>();
    const links: [string, string][] = [];
    for (const name of names) {
      await page.goto(urlOf(`${language}/${name}`));
      assert.is(await page.locator('h1').count(), 1, name);
      ids.set(name, new Set(await page.locator('[id]').evaluateAll(all => all.map(one => one.id))));
      const found = await page.locator('a[href]').evaluateAll(all => all.map(one => one.getAttribute('href')!));
      links.push(...found.map(href => [name, href] as [string, string]));
    }
    for (const [name, href] of links) {
      if (/^https?:/.test(href)) continue;
      const [file = '', anchor] = href.split('#');
      assert.ok(existsSync(join(site, language, file || name)), `${name} → ${href}`);
      if (anchor && !file.startsWith('..'))
        assert.ok(ids.get(file || name)!.has(decodeURIComponent(anchor)), `${name} → ${href}`);
    }
    await page.close();
  }
  assert.equal(complaints, []);
});

test('both languages have the same pages, and one leads to the other', async () => {
  assert.equal(readdirSync(join(site, 'zh')), readdirSync(join(site, 'en')));
  const page = await open(urlOf('en/06-pivot-root.html'));
  await page.click('#other');
  assert.match(page.url(), /zh\/06-pivot-root\.html/);
  assert.is(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.match((await page.textContent('h1'))!, /换一个根/);
  await page.close();
});

test('the search finds words, their beginnings and Chinese, and leads to the place', async () => {
  const page = await open(urlOf('en/index.html'));
  await page.keyboard.press('/');
  await page.keyboard.type('orphan');
  assert.match((await page.locator('#found li').first().textContent())!, /orphan/i);
  await page.keyboard.press('Enter');
  await page.waitForURL(/glossary\.html#orphan$/);
  await page.fill('#search', 'nosuchwordatall');
  assert.is(await page.locator('#found li').count(), 1);
  assert.is(await page.locator('#found a').count(), 0);
  await page.goto(urlOf('zh/index.html'));
  await page.fill('#search', '孤儿进程');
  assert.ok((await page.locator('#found a').count()) > 0);
  await page.close();
});

test('a word of the course leads to its entry, once a page', async () => {
  const page = await open(urlOf('en/04-pid-namespace.html'));
  const terms = page.locator('a.term');
  const targets = await terms.evaluateAll(all => all.map(one => one.getAttribute('href')));
  assert.ok(targets.includes('glossary.html#pid-namespace') && targets.includes('glossary.html#orphan'));
  assert.is(new Set(targets).size, targets.length);
  await page.click('a.term[href$="#pid-namespace"]');
  assert.match(page.url(), /glossary\.html#pid-namespace$/);
  assert.is(await page.textContent('[id="pid-namespace"]'), 'PID namespace');
  await page.close();
});

test('the stepper shows what each call changed: pivot_root gives another root', async () => {
  const page = await open(urlOf('en/06-pivot-root.html'));
  const stage = page.locator('.stage');
  assert.match((await stage.textContent())!, /Before the first call/);
  const steps = await page.locator('tr.step').count();
  const call = page.locator('tr.step', { hasText: 'pivot_root("."' });
  await call.click();
  assert.match((await stage.locator('.changes').textContent())!, /another root: \w+ → overlay/);
  assert.match((await stage.locator('svg.figure').last().textContent())!, /overlay/);
  assert.match((await call.getAttribute('class'))!, /here/);
  await stage.focus();
  await page.keyboard.press('End');
  assert.is(await page.textContent('.count'), `${steps}/${steps}`);
  await page.keyboard.press('ArrowLeft');
  assert.is(await page.textContent('.count'), `${steps - 1}/${steps}`);
  await page.keyboard.press('Home');
  assert.is(await page.textContent('.count'), `0/${steps}`);
  await page.close();
});

test('an answer opens with its reason, alone', async () => {
  const page = await open(urlOf('en/04-pid-namespace.html'));
  const quiz = page.locator('.quiz').first();
  await quiz.locator('.wrong summary').first().click();
  assert.match((await quiz.locator('.wrong[open]').textContent())!, /No\. /);
  await quiz.locator('.right summary').click();
  assert.match((await quiz.locator('details[open]').textContent())!, /Right\. /);
  await page.close();
});

test('light and dark: as the reader has it, or chooses it', async () => {
  const page = await open(urlOf('en/04-pid-namespace.html'), { colorScheme: 'dark' });
  const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  const picture = () => page.evaluate<string>("getComputedStyle(document.querySelector('svg.figure .ground')).fill");
  const dark = [await ground(), await picture()];
  await page.click('#theme');
  const light = [await ground(), await picture()];
  assert.ok(
    dark.every((colour, i) => colour !== light[i]),
    `${dark} / ${light}`,
  );
  await page.reload();
  assert.equal([await ground(), await picture()], light, 'the choice stays');
  await page.close();
});

test('narrow: nothing is wider than the screen, and the contents open', async () => {
  const page = await open(urlOf('zh/13-veth-and-bridge.html'), { viewport: { width: 390, height: 800 } });
  // Paths without a space, tables, a lab.
  for (const name of [
    'en/05-mount-namespace',
    'en/20-user-namespace',
    'zh/lab-08-resource-limits',
    'zh/13-veth-and-bridge',
  ]) {
    await page.goto(urlOf(`${name}.html`));
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'), name);
  }
  assert.not.ok(await page.locator('#contents').isVisible());
  await page.click('#menu');
  assert.ok(await page.locator('#contents').isVisible());
  await page.close();
});

test('on paper there is the text, the whole table and a picture, and no control', async () => {
  const page = await open(urlOf('en/06-pivot-root.html'), { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  for (const control of ['.bar', '#contents', '.controls', '.neighbours'])
    assert.not.ok(await page.locator(control).first().isVisible(), control);
  assert.ok(await page.locator('.picture svg').isVisible());
  const box = page.locator('.steps');
  assert.ok(await box.evaluate(one => one.scrollHeight <= one.clientHeight + 1), 'no row is cut off');
  assert.is(await page.evaluate<string>('getComputedStyle(document.body).color'), 'rgb(29, 39, 51)');
  await page.close();
});

test('without a script there are the text, the table and the last picture', async () => {
  const page = await open(urlOf('en/06-pivot-root.html'), { javaScriptEnabled: false });
  assert.ok(await page.locator('tr.step', { hasText: 'pivot_root' }).first().isVisible());
  assert.ok(await page.locator('.picture svg').isVisible());
  await page.close();
});

test('the birth of a container is recorded whole, with a lesson for each of its steps', () => {
  const html = readFileSync(join(site, 'en/container.html'), 'utf8');
  for (const call of ['clone(', 'pivot_root(', 'seccomp(', 'capset(', 'execve('])
    assert.ok(html.includes(`<code>${call}`), call);
  assert.match(html, /mounted: overlay/);
});

/** The events of a program until one is of this form; then the connection is broken. */
async function events(url: string, last: RegExp, headers: Record<string, string> = {}): Promise<string> {
  const broken = new AbortController();
  const { body } = await fetch(url, { headers, signal: broken.signal });
  let text = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (last.test(text)) break;
  }
  broken.abort();
  return text;
}

test('live: the browser drives a container’s birth, and who has not the token drives nothing', async () => {
  const server = handbook('--live');
  live = server;
  onExit(endLive);
  let printed = '';
  server.stdout!.on('data', chunk => {
    printed += chunk;
  });
  await eventually(() => assert.match(printed, /index\.html/), 120);
  const url = /http:\S+/.exec(printed)![0].replace('index.html', '');
  const page = await open(`${url}en/container.html`);
  await page.click('.live');
  const waits = page.locator('.waits');
  await waits.waitFor();
  assert.match(
    String((await minidock(['ps', '-a', '--format', '{{.Names}} {{.Status}}'])).stdout),
    /^handbook-\w+ Created$/,
  );
  while (!/It runs now/.test((await waits.textContent())!)) {
    const shown = (await page.textContent('.count'))!;
    await page.click('[data-act=step]');
    await eventually(async () => {
      const [now, said] = [await page.textContent('.count'), await page.textContent('.stage')];
      return now !== shown || /It runs now/.test(said!);
    }, 30);
    await waits.waitFor();
  }
  assert.match(String((await minidock(['ps', '--format', '{{.Names}} {{.Status}}'])).stdout), /^handbook-\w+ Up/);
  // A second page gets none while this one has it.
  assert.is((await fetch(`${url}live/container`)).status, 409);
  await page.click('[data-act=step]');
  await page.getByText('It has ended.').waitFor();
  assert.match((await page.textContent('.stage'))!, /shim → sleep/);
  assert.is((await minidock(['ps', '-aq'])).stdout, '');
  assert.is((await minidock(['images', '-q'])).stdout, '');

  // Who leaves in the middle leaves nothing behind.
  await page.reload();
  await page.click('.live');
  await waits.waitFor();
  await page.click('[data-act=step]');
  await page.close();
  await eventually(async () => assert.is((await minidock(['ps', '-aq'])).stdout, ''), 30);
  await eventually(async () => assert.is((await minidock(['images', '-q'])).stdout, ''), 30);

  // Whose connection breaks comes back, and gets the events that came after the last that it saw.
  const first = await events(`${url}live/container`, /"kind":"turn"/);
  assert.match(first, /^retry: \d+\n\nid: 0\ndata: \{"kind":"start"/);
  const second = await events(`${url}live/container`, /"kind":"turn"/, { 'last-event-id': '0' });
  assert.equal(second.split('id: ').slice(1), first.split('id: ').slice(2));
  await eventually(async () => assert.is((await minidock(['ps', '-aq'])).stdout, ''), 30);
  // Its container is gone before the last of what was for it; who comes back until then gets its end.
  await eventually(async () => {
    const { status, body } = await fetch(`${url}live/container`, { headers: { 'last-event-id': '0' } });
    await body?.cancel();
    assert.is(status, 204);
  }, 30);

  const { port, pathname } = new URL(url);
  const status = (path: string, headers = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, method }).then(answer => answer.status);
  assert.is(await status('/'), 404);
  assert.is(await status('/live/container'), 404);
  assert.is(await status(`${pathname}live/container`, { origin: 'http://evil.test' }), 403);
  assert.is(await status(`${pathname}live/nonsense`), 404);
  assert.is(await status(`${pathname}..%2f..%2fetc%2fpasswd`), 404);
  const rebound = await execa('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-H',
    'Host: evil.test',
    `${url}en/index.html`,
  ]);
  assert.is(rebound.stdout, '403');
  server.kill('SIGTERM');
  assert.is((await server).exitCode, 143);
});

test('bad input: one line, and nothing is lost', async () => {
  for (const [args, pattern] of [
    [['--out', '/etc'], /^handbook: \/etc holds other files, for example \S+\nname another folder/],
    [['--out', '/etc/passwd'], /^handbook: \/etc\/passwd is a file, not a folder\n/],
    [['--nonsense'], /^handbook: Unknown option '--nonsense'\nnpm run handbook -- --help$/],
    [['--live', '--out', 'x'], /^handbook: --live serves a site that it makes for itself/],
  ] as const) {
    const { exitCode, stderr } = await handbook(...args);
    assert.is(exitCode, 1);
    assert.match(stderr, pattern);
  }
  assert.equal(complaints, []);
});

test.run();
