// @mounts-nothing it looks at containers, and mounts nothing itself
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { widthOf } from '../src/syscalls/text/columns.ts';
import { codeBlocks } from '../src/workshop/text/markdown.ts';
import type { Xray } from '../src/xray/model.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { snapshot } from './support/canary.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/registry.ts';
import { checkout, requires } from './support/requires.ts';

/** Every fact is judged by another program that asks the kernel, never by what minidock wrote down. */
const needed = ['root', 'busybox', 'overlayfs', 'iptables', 'ip', 'bridge', 'nsenter', 'curl', 'python3'];
const test = requires(...needed);
let box: BusyboxEngine;
let port: number;
let web: string;
let other: string;
/** Of the first process of `web`, on the host. */
let pid: number;
let seen: Xray;
const data = temporaryFolder('xray');

test.before(async () => {
  box = await busyboxEngine();
  port = await freePort();
  const serve = 'mkdir /srv; echo hello > /srv/index.html; httpd -p 80 -h /srv; exec sleep 1000';
  const limits = ['-m', '64m', '--cpus', '0.5', '--pids-limit', '50', '--ulimit', 'nofile=123:456'];
  const flags = [
    '--network',
    'bridge',
    '-p',
    `${port}:80`,
    '-v',
    `${data}:/data:ro`,
    '--cap-drop',
    'CHOWN',
    '--ipc',
    'shareable',
    ...limits,
  ];
  web = await box.start(serve, '--name', 'web', ...flags);
  other = await box.start('sleep 1000', '--name', 'other', '--network', 'bridge', '-p', '81', '--ipc', 'container:web');
  pid = Number(await box.inspect('web', '{{.State.Pid}}'));
  await eventually(() => sh(`curl -sf -m 2 http://127.0.0.1:${port}/`) === 'hello');
  seen = await xray('web');
});

async function xray(...args: string[]): Promise<Xray> {
  return JSON.parse(await box.ok(['xray', '--json', ...args])) as Xray;
}

function sh(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout.trim();
}

const lines = (text: string) => text.split('\n').filter(Boolean);
/** Of `ip -j`. */
interface IpLink {
  ifname: string;
  ifindex: number;
  link_index?: number;
  address: string;
  master?: string;
  mtu: number;
  addr_info: { local: string; prefixlen: number }[];
}
const inside = (command: string) => sh(`nsenter -t ${pid} -n ${command}`);

test('namespaces: types and inodes of readlink and lsns, whose they are, who else is in them', async () => {
  const namespaces = seen.namespaces!;
  for (const { type, inode, host } of namespaces) {
    assert.is(readlinkSync(`/proc/${pid}/ns/${type}`), `${type}:[${inode}]`);
    assert.is(host, readlinkSync(`/proc/self/ns/${type}`) === `${type}:[${inode}]`, type);
  }
  const listed = lines(sh(`lsns -p ${pid} -rno TYPE,NS`));
  assert.equal(namespaces.map(({ type, inode }) => `${type} ${inode}`).sort(), listed.sort());
  const sharers = (one: Xray, type: string) => one.namespaces!.find(each => each.type === type)!.sharedWith;
  const ipc = sharers(seen, 'ipc');
  assert.equal(
    ipc.map(({ container, name, pids }) => [container, name, pids]),
    [[other, 'other', [Number(await box.inspect('other', '{{.State.Pid}}'))]]],
  );
  assert.equal(sharers(seen, 'net'), []);
  const guest = await box.start('exec sleep 1000', '--name', 'guest', '--pid', 'container:web');
  const within = await xray('guest');
  assert.equal(
    within.processes!.flatMap(({ role, pid }) => (role === 'container' ? pid : [])),
    [within.container.pid],
  );
  assert.equal(
    sharers(within, 'pid').map(({ name }) => name),
    ['web'],
  );
  await box.ok(['rm', '-f', guest]);
});

test('processes: those of its PID namespace, with their pids inside, and the supervisor outside', async () => {
  const within = seen.processes!.filter(({ role }) => role === 'container');
  const listed = lines(sh(`pgrep --ns ${pid} --nslist pid`)).map(Number);
  assert.equal(within.map(one => one.pid).sort(), listed.sort());
  for (const one of within) {
    const status = readFileSync(`/proc/${one.pid}/status`, 'utf8');
    assert.is(one.inside, Number(/^NSpid:.*\s(\d+)$/m.exec(status)![1]));
    assert.is(one.parent, Number(/^PPid:\s*(\d+)$/m.exec(status)![1]));
  }
  assert.is(within.find(one => one.pid === pid)!.inside, 1);
  const [outside] = seen.processes!.filter(({ role }) => role === 'outside');
  assert.equal(outside!.pid, within.find(one => one.pid === pid)!.parent);
});

test('cgroups: every file says what it says, and limits are numbers', () => {
  const own = lines(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).map(line => line.split(':').slice(2).join(':'));
  assert.ok(seen.cgroups!.length > 0);
  for (const { path, settings } of seen.cgroups!) {
    assert.ok(own.includes(path), path);
    for (const { file, value, kind } of settings)
      if (kind !== 'used') assert.is(readFileSync(file, 'utf8').trimEnd(), value, file);
  }
  const limit = (what: string) => seen.cgroups!.flatMap(one => one.settings).find(one => one.what === what)!.amount;
  assert.equal([limit('memory'), limit('cpu time'), limit('processes')], [64 << 20, 0.5, 50]);
});

test('rights and limits of a process', () => {
  const { capabilities, seccomp, noNewPrivs, uid } = seen.rights!;
  const known = lines(sh(`grep CapEff /proc/${pid}/status`))[0]!.split('\t')[1]!;
  const bits = [...BigInt(`0x${known}`).toString(2)].filter(bit => bit === '1').length;
  assert.is(capabilities.effective.length, bits);
  assert.not.ok(capabilities.effective.includes('CAP_CHOWN'));
  assert.ok(capabilities.effective.includes('CAP_KILL'));
  assert.equal([seccomp, noNewPrivs, uid[1]], ['filter', false, 0]);
  const files = seen.limits!.find(({ name }) => name === 'open files')!;
  assert.is(`${files.soft} ${files.hard}`, sh(`prlimit --pid ${pid} --nofile -o SOFT,HARD --raw --noheadings`));
});

test('mounts in the order of findmnt, a bind mount with its place on the host; layers as overlayfs has them', async () => {
  assert.equal(
    seen.mounts!.map(({ target }) => target),
    lines(sh(`findmnt -N ${pid} --list -no TARGET`)),
  );
  const bind = seen.mounts!.find(({ target }) => target === '/data')!;
  assert.is(bind.hostPath, data);
  assert.ok(bind.options.split(',').includes('ro'));
  const options = sh(`findmnt -N ${pid} -no FS-OPTIONS --raw /`);
  const { lower, upper, work } = seen.layers!;
  assert.is(/upperdir=([^,]*)/.exec(options)![1], upper!.directory);
  assert.is(/workdir=([^,]*)/.exec(options)![1], work!.directory);
  assert.is(/lowerdir=([^,]*)/.exec(options)![1]!.split(':').length, lower.length);
  assert.is(upper!.bytes, 'hello\n'.length);
  for (const layer of lower) assert.ok(layer.bytes! > 0 && /^sha256:[0-9a-f]{64}$/.test(layer.diffId!));
  assert.ok(sh(`ls ${lower[0]!.directory}`).includes('bin'));
});

test('both ends of the cable, bridge, port and MAC table, addresses, routes, neighbours: as ip and bridge say', () => {
  const { interfaces, bridges, routes, neighbours } = seen.network!;
  const links = JSON.parse(inside('ip -j address')) as IpLink[];
  for (const link of links) {
    const one = interfaces.find(({ name }) => name === link.ifname)!;
    const addresses = link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    assert.equal(
      [one.index, one.link, one.mac, one.mtu, one.addresses],
      [link.ifindex, link.link_index, link.address, link.mtu, addresses],
    );
  }
  assert.is(interfaces.length, links.length);
  const peer = interfaces.find(({ name }) => name === 'eth0')!.peer!;
  const [end] = JSON.parse(sh(`ip -j -d link show ${peer.name}`)) as IpLink[];
  assert.equal(
    [peer.index, peer.link, peer.mac, peer.bridge],
    [end!.ifindex, end!.link_index, end!.address, end!.master],
  );
  assert.is(peer.bridge, box.bridge);
  const ports = lines(sh(`ip -o link show master ${box.bridge}`)).map(line => /^\d+: ([^@:]+)/.exec(line)![1]);
  assert.equal([...bridges[0]!.ports].sort(), ports.sort());
  const table = JSON.parse(sh(`bridge -j fdb show br ${box.bridge}`)) as { mac: string; ifname: string }[];
  const macs = table.filter(({ mac, ifname }) => ifname === peer.name && !/^.[13579bdf]/.test(mac));
  assert.equal(bridges[0]!.macs.map(({ mac }) => mac).sort(), [...new Set(macs.map(({ mac }) => mac))].sort());
  const main = routes.filter(({ table, family }) => table === 'main' && family === 4);
  const known = JSON.parse(inside('ip -j -4 route')) as { dst: string; gateway?: string; dev: string }[];
  assert.equal(
    main.map(({ target, gateway, device }) => [target, gateway, device]),
    known.map(({ dst, gateway, dev }) => [dst, gateway, dev]),
  );
  const gateway = main.find(({ target }) => target === 'default')!.gateway!;
  const arp = JSON.parse(inside('ip -j neigh')) as { dst: string; lladdr: string }[];
  assert.is(neighbours.find(({ address }) => address === gateway)!.mac, arp.find(({ dst }) => dst === gateway)!.lladdr);
});

test('rules: each is one of iptables-save, the port of another container is not; counters go on', async () => {
  const saved = lines(sh('iptables-save')).map(line => line.replace(/^\[\d+:\d+\] /, ''));
  for (const { chain, rule, family } of seen.rules!.rules)
    if (family === 4) assert.ok(saved.includes(`-A ${chain} ${rule}`.trim()), rule);
  const own = (one: Xray) => one.sockets!.published.find(({ hostPort }) => hostPort === port)!;
  assert.is(own(seen).port, 80);
  assert.equal(
    seen.sockets!.published.map(({ hostPort }) => hostPort),
    [port],
  );
  assert.ok(seen.rules!.policies.some(({ chain }) => chain === 'FORWARD'));
  sh(`curl -sf -m 2 http://127.0.0.1:${port}/`);
  assert.ok(own(await xray('web', '--section', 'sockets')).packets > own(seen).packets);
});

test('sockets that listen are those of ss, with the process', () => {
  const listed = lines(inside('ss -Hlntu')).map(line => line.split(/\s+/)[4]!.replace('*:', '[::]:'));
  const ours = seen.sockets!.listening.map(({ address, port }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
  );
  assert.equal(ours.sort(), listed.sort());
  assert.is(seen.sockets!.listening[0]!.command, 'httpd');
});

test('the records agree until somebody changes what the kernel holds; then both are shown', async () => {
  assert.equal(seen.differences, []);
  const rule = lines(sh('iptables-save -t nat')).find(line => line.includes(`--dport ${port} `))!;
  const file = seen.cgroups!.flatMap(one => one.settings).find(({ what }) => what === 'processes')!.file;
  sh(`iptables -w -t nat ${rule.replace(/^-A/, '-D')}`);
  writeFileSync(file, '40');
  try {
    const { differences } = await xray('web');
    assert.equal(
      differences.map(({ what, kernel }) => [what, kernel]),
      [
        ['limit of processes', '40'],
        [`rule of port ${port}/tcp`, '–'],
      ],
    );
    const text = await box.ok(['xray', '--section', 'cgroups', 'web']);
    assert.match(text, /limit of processes +40 +50/);
  } finally {
    writeFileSync(file, '50');
    sh(`iptables -w -t nat ${rule}`);
  }
});

test('the command of docs/xray.md gives a program the interfaces', () => {
  const [command] = codeBlocks(readFileSync(join(checkout, 'docs/xray.md'), 'utf8')).filter(
    ({ info }) => info === 'sh',
  );
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-ec', command!.content], {
    encoding: 'utf8',
    env: { ...process.env, ...box.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` },
  });
  assert.is(status, 0, stderr);
  assert.match(stdout, /^\[\{.*'name': 'eth0'/);
});

test('text: no line is wider than 80 columns, each part names a command, in both languages', async () => {
  for (const language of ['en', 'zh']) {
    const text = await box.ok(['xray', 'web'], { env: { MINIDOCK_LANG: language } });
    for (const line of lines(text)) assert.ok(widthOf(line) <= 80, line);
    for (const command of ['lsns', `ls -l /proc/${pid}/ns`, 'ip -d link', 'bridge fdb', 'iptables -nvL', 'findmnt -N'])
      assert.ok(text.includes(`$ ${command}`) || text.includes(command), command);
    assert.not.match(text, /\x1b/);
  }
  const part = await box.ok(['xray', '--section', 'rights,limits', 'web']);
  assert.match(part, /^Rights$/m);
  assert.not.match(part, /^Mounts$/m);
});

test('several networks: a cable each, with its own bridge; who lives in the network of another says with whom', async () => {
  await box.ok(['network', 'create', 'back']);
  await box.ok(['network', 'connect', 'back', 'other']);
  const { network, differences, container } = await xray('other');
  assert.equal(differences, []);
  const wires = network!.interfaces.filter(({ name }) => name !== 'lo');
  assert.equal(
    wires.map(({ name }) => name),
    ['eth0', 'eth1'],
  );
  const ends = JSON.parse(sh(`nsenter -t ${container.pid} -n ip -j link`)) as IpLink[];
  for (const { name, index, peer } of wires) {
    const [end] = JSON.parse(sh(`ip -j link show ${peer!.name}`)) as IpLink[];
    assert.equal([end!.ifindex, end!.link_index, end!.master], [peer!.index, index, peer!.bridge]);
    assert.is(ends.find(one => one.ifname === name)!.link_index, peer!.index);
  }
  assert.equal(
    network!.bridges.map(one => [one.network, one.ports.includes(wires[one.network === 'back' ? 1 : 0]!.peer!.name)]),
    [
      ['bridge', true],
      ['back', true],
    ],
  );
  const guest = await box.start('exec sleep 1000', '--name', 'guest', '--network', 'container:web');
  const within = await xray('guest');
  const net = within.namespaces!.find(({ type }) => type === 'net')!;
  assert.equal([net.inode, net.sharedWith.map(({ name }) => name)], [seen.network!.inode, ['web']]);
  assert.equal(
    within.sockets!.listening.map(one => [one.port, one.command]),
    [[80, undefined]],
  );
  assert.not.match(await box.ok(['xray', '--svg', 'guest']), /nobody listens/);
  await box.ok(['rm', '-f', guest]);
  await box.ok(['network', 'disconnect', 'back', 'other']);
  await box.ok(['network', 'rm', 'back']);
});

test('the picture is a file of its own, whole or not at all, and what cannot be written is refused', async () => {
  const folder = temporaryFolder('picture');
  await box.ok(['xray', `--svg=${folder}/web.svg`, 'web']);
  const svg = readFileSync(`${folder}/web.svg`, 'utf8');
  const peer = seen.network!.interfaces.find(({ name }) => name === 'eth0')!.peer!.name;
  for (const fact of [`${port}/tcp`, peer, box.bridge, String(pid), `net:[${seen.network!.inode}]`])
    assert.ok(svg.includes(fact), fact);
  assert.is(
    spawnSync('python3', ['-c', 'import sys,xml.dom.minidom as x; x.parse(sys.stdin)'], { input: svg }).status,
    0,
  );
  assert.match(await box.ok(['xray', '--svg', 'web'], { env: { MINIDOCK_LANG: 'zh' } }), /^<svg [\s\S]*容器 web/);
  for (const file of [`${folder}/missing/a.svg`, folder, '/dev/full']) {
    const refused = await box.minidock(['xray', `--svg=${file}`, 'web']);
    assert.is(refused.exitCode, 1, file);
    assert.match(String(refused.stderr), /^minidock: failed to draw container: invalid output path: .*\n?$/);
  }
  const both = await box.minidock(['xray', '--svg', '--section', 'rights', 'web']);
  assert.is(both.exitCode, 125);
  assert.equal(readdirSync(folder), ['web.svg']);
});

test('without a network only lo; in the network of the host the host’s, and only its own sockets', async () => {
  const none = await box.start('sleep 1000', '--name', 'none');
  const { network, rules, sockets } = await xray(none);
  assert.equal(
    network!.interfaces.map(({ name, peer }) => [name, peer]),
    [['lo', undefined]],
  );
  assert.equal([network!.host, rules!.rules, sockets!.published], [false, [], []]);
  const free = await freePort();
  const host = await box.start(`exec httpd -f -p ${free}`, '--name', 'host', '--network', 'host');
  const wide = await eventually(async () => {
    const found = await xray(host);
    return found.sockets!.listening.length > 0 && found;
  });
  assert.is(wide.network!.host, true);
  assert.is(wide.namespaces!.find(({ type }) => type === 'net')!.host, true);
  assert.equal(
    wide.network!.interfaces.map(({ index }) => index).filter(index => index < 3),
    JSON.parse(sh('ip -j link')).flatMap(({ ifindex }: { ifindex: number }) => (ifindex < 3 ? ifindex : [])),
  );
  assert.equal(
    wide.sockets!.listening.map(({ port }) => port),
    [free],
  );
  await box.ok(['rm', '-f', none, host]);
});

test('one that does not run: its layers; one whose supervisor was killed says so', async () => {
  const id = await box.start('echo abc > /file; exec sleep 1000', '--name', 'short');
  await eventually(async () => (await box.inside(id, 'cat /file')) === 'abc');
  const [first] = (await xray(id)).processes!;
  process.kill(first!.pid, 'SIGKILL');
  const lost = await eventually(async () => {
    const found = await xray('short');
    return found.container.pid === undefined && found;
  });
  assert.is(lost.container.state, 'lost');
  assert.equal([lost.processes, lost.network, lost.layers!.upper!.bytes], [undefined, undefined, 4]);
  await box.ok(['ps']);
  await box.ok(['create', '--name', 'fresh', 'bb']);
  assert.is((await xray('fresh')).container.state, 'created');
  assert.match(await box.ok(['xray', 'fresh']), /It does not run/);
  await box.ok(['rm', '-f', 'short', 'fresh']);
});

test('one that ends while it is looked at is shown as it was, or as it is', async () => {
  for (const pause of [0, 40, 80]) {
    const id = await box.start('exec sleep 1000', '--network', 'bridge');
    const looks = [1, 2, 3].map(() => box.minidock(['xray', '--json', id]));
    await new Promise(resolve => setTimeout(resolve, pause));
    process.kill(Number(await box.inspect(id, '{{.State.Pid}}')), 'SIGKILL');
    for (const { exitCode, stdout, stderr } of await Promise.all(looks)) {
      assert.is(exitCode, 0, String(stderr));
      const { container, processes } = JSON.parse(String(stdout)) as Xray;
      assert.is(container.state === 'running', processes !== undefined);
    }
    await box.ok(['rm', '-f', id]);
  }
});

test('bad input: in Docker’s words, exit 1; a part that is none, 125', async () => {
  const unknown = await box.minidock(['xray', 'nobody']);
  assert.equal([unknown.exitCode, unknown.stdout], [1, '']);
  assert.match(String(unknown.stderr), /^minidock: No such container: nobody\n/);
  const wrong = await box.minidock(['xray', '--section', 'nothing', 'web']);
  assert.is(wrong.exitCode, 125);
  assert.match(String(wrong.stderr), /no part is called 'nothing'/);
});

requires(...needed, 'strace')(
  'it changes nothing: no file is made, written or removed, no rule, link or group',
  async () => {
    const before = [
      snapshot(join(box.root, 'containers', web)),
      snapshot(join(box.execRoot, web.slice(0, 12))),
      sh(`ip -o link show master ${box.bridge}`),
    ];
    const file = join(temporaryFolder('strace'), 'calls');
    const calls = 'trace=%file,ftruncate,fchmod,fchown,mount,umount2,kill,tgkill,unshare,setns';
    sh(
      `NODE_EXTRA_CA_CERTS= strace -f -qq -e signal=none -o ${file} -e ${calls} ${join(import.meta.dirname, '../bin/minidock')} --root ${box.root} --exec-root ${box.execRoot} xray web`,
    );
    const writes =
      /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|\b(mkdir|unlink|rename|symlink|link|mknod|chmod|chown|f?truncate|utime\w*|f?setxattr|mount|umount2|t?g?kill|unshare)(at2?|at)?\(/;
    const bad = lines(readFileSync(file, 'utf8')).filter(line => writes.test(line) && !line.includes('"/dev/null"'));
    assert.equal(bad, []);
    assert.equal(
      [
        snapshot(join(box.root, 'containers', web)),
        snapshot(join(box.execRoot, web.slice(0, 12))),
        sh(`ip -o link show master ${box.bridge}`),
      ],
      before,
    );
  },
);

test.run();
