// @mounts-nothing its subject is packets
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import * as assert from 'uvu/assert';
import { codeBlocks } from '../src/workshop/text/markdown.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { type Machine, startMachine } from './support/netns.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { checkout, requires } from './support/requires.ts';

/** A host of its own, another machine on a wire, and containers: tshark judges what is captured between them. */
const needed = ['root', 'busybox', 'overlayfs', 'iptables', 'ip', 'nsenter', 'unshare', 'curl', 'tcpdump', 'tshark'];
const test = requires(...needed);
const folder = temporaryFolder('capture');
const [host, away] = ['198.18.5.1', '198.18.5.2'];
const inPath = (name: string) => join(folder, name);
let here: PrivateHost;
let neighbour: Machine;
let address: string;

test.before(async () => {
  here = await privateHost();
  neighbour = await startMachine();
  here.sh(
    `ip link add wire type veth peer name wire netns ${neighbour.pid}; ip addr add ${host}/30 dev wire; ip link set wire up`,
  );
  neighbour.sh(`ip addr add ${away}/30 dev wire; ip link set wire up; ip link set lo up`);
  await neighbour.serve('tcp', 7000, 'neighbour');
  serve('web', '-p', '8080:80');
  serve('peer');
  address = here.minidock('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'web');
});
test.after(() => {
  here.end();
  neighbour.end();
});

function serve(name: string, ...flags: string[]): void {
  const script = `mkdir -p /srv; echo ${name} > /srv/index.html; exec httpd -f -p 80 -h /srv`;
  here.minidock('run', '-d', '--name', name, ...flags, 'bb', 'sh', '-c', script);
  awaitPage(name);
}

function awaitPage(name: string): void {
  here.minidock('exec', name, 'sh', '-c', 'until wget -q -O /dev/null http://127.0.0.1/; do sleep 0.02; done');
}

/** `minidock capture` on that host, by way of another command; it listens when this resolves. */
async function capturing(words: string[], under: string[] = []) {
  const args = ['-t', String(here.pid), '-n', ...under, minidockPath, 'capture', ...words];
  const child = execa('nsenter', args, {
    reject: false,
    timeout: 60_000,
    stdin: 'ignore',
    env: { NODE_EXTRA_CA_CERTS: undefined, ...here.box.env },
  });
  let said = '';
  child.stderr.on('data', chunk => {
    said += chunk;
  });
  await eventually(() => {
    if (!/^capturing at /m.test(said)) throw new Error(`it does not listen: ${said}`);
  }, 20);
  // In an object: what is awaited itself would be awaited to its end.
  return { child };
}

/** A command that fails at once. */
function refused(words: string[], under: string[] = []) {
  const { status, stdout, stderr } = spawnSync(
    'nsenter',
    ['-t', String(here.pid), '-n', ...under, minidockPath, 'capture', ...words],
    { encoding: 'utf8', timeout: 60_000, env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...here.box.env } },
  );
  assert.is(stdout, '');
  return { status, stderr };
}

/** Rows of fields, as tshark reads the file. */
function tshark(file: string, fields: string[], filter = ''): string[][] {
  const { status, stdout, stderr } = spawnSync(
    'tshark',
    ['-r', file, '-n', '-Y', filter, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap(field => ['-e', field])],
    { encoding: 'utf8', timeout: 60_000 },
  );
  assert.is(status, 0, stderr);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => line.split('|'));
}

/** Processes of tcpdump in the network namespaces of these tests. */
function tcpdumps(): string[] {
  const parts = [here.pid, ...['web', 'peer'].map(name => pidOf(name))].map(networkOf);
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tcpdump\n' && parts.includes(networkOf(pid));
    } catch {
      return false;
    }
  });
}
const networkOf = (pid: number | string) => {
  try {
    return statSync(`/proc/${pid}/ns/net`).ino;
  } catch {
    return 0;
  }
};
const pidOf = (name: string) => here.minidock('inspect', '-f', '{{.State.Pid}}', name);

test('in through a published port: DNAT seen at each point, named with its rule, and taken back', async () => {
  const file = inPath('in.pcapng');
  const { child } = await capturing(['web', '--port', '8080', '-w', file, '--html', inPath('in.html')]);
  assert.is(neighbour.sh(`curl -s -m 10 http://${host}:8080/`), 'web');
  child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await child;
  assert.is(exitCode, 0, stderr);
  const text = String(stdout);
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  assert.not.match(text, /\x1b/);
  assert.match(text, /wire +\S+ +veth\w+ +web:eth0\n#1 .* TCP SYN\n +●─+ DNAT/);
  assert.match(text, new RegExp(`to +${host}:8080 +${address}:80\\n +DNAT: nat PREROUTING > MINIDOCK`));
  assert.match(text, /un-DNAT/);
  assert.match(stderr, /^capturing at .*wire.*web:eth0; Ctrl-C ends it\n\d+ packets, in /);
  assert.equal(tcpdumps(), []);

  const fields = ['frame.interface_name', 'frame.interface_description', 'frame.time_epoch', 'ip.dst', 'frame.comment'];
  const rows = tshark(file, fields, 'tcp');
  const veth = /veth\w+/.exec(text)![0];
  const names = ['wire', here.box.bridge, veth, 'web:eth0'];
  assert.equal([...new Set(rows.map(([name]) => name))].sort(), [...names].sort());
  const syn = tshark(file, fields, 'tcp.flags == 2');
  assert.equal(
    syn.map(([name, , , destination]) => [name, destination]),
    names.map((name, at) => [name, at === 0 ? host : address]),
  );
  assert.match(syn[2]![1]!, /host end of the veth pair of web$/);
  assert.match(
    syn[1]![4]!,
    /DNAT: destination 198\.18\.5\.1:8080 -> \S+:80 \(conntrack\).*rule: PREROUTING > .*--dport 8080 .*-j DNAT/s,
  );
  const times = tshark(file, ['frame.time_epoch']).map(([time]) => BigInt(time!.replace('.', '')));
  for (const [at, time] of times.entries()) assert.ok(at === 0 || time >= times[at - 1]!, `frame ${at + 1}`);
  const walked = Number(/(\d+) packets, in/.exec(stderr)![1]);
  assert.is(rows.length, walked * 4, 'each packet at each point, once');

  const again = refusedNot(['--read', file, '--html', inPath('again.html')]);
  assert.is(again.stdout, `${text}\n`);
  assert.match(again.stderr, new RegExp(`^${walked} packets at \\d+ points\\n$`));
  assert.is(readFileSync(inPath('again.html'), 'utf8'), readFileSync(inPath('in.html'), 'utf8'));
});

function refusedNot(words: string[]) {
  const { status, stdout, stderr } = spawnSync(minidockPath, ['capture', ...words], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return { stdout, stderr };
}

test('out to another machine: MASQUERADE; an expression of tcpdump, and an end by --count', async () => {
  const file = inPath('out.pcapng');
  const { child } = await capturing(['-w', file, '--count', '3', 'web', '--', 'tcp', 'port', '7000']);
  assert.is(here.minidock('exec', 'web', 'sh', '-c', `nc ${away} 7000 </dev/null`), `neighbour ${host}`);
  const { exitCode, stdout } = await child;
  assert.is(exitCode, 0);
  assert.match(String(stdout), /TCP SYN\n +●◀─+ MASQUERADE/);
  assert.match(String(stdout), /MASQUERADE: nat POSTROUTING > .*-j\s+MASQUERADE/s);
  assert.match(String(stdout), /#3 .*TCP ACK/);
  assert.not.match(String(stdout), /#4/);
  const [last] = tshark(file, ['ip.src', 'frame.comment'], 'tcp.flags == 2 && frame.interface_name == "wire"');
  assert.is(last![0], host);
  assert.match(last![1]!, new RegExp(`MASQUERADE: source ${address}:\\d+ -> ${host}:\\d+ \\(conntrack\\)`));
  assert.equal(tcpdumps(), []);
});

test('docs/capture.md: what is written to standard output is read as it comes, and ends with its reader', async () => {
  const [command] = codeBlocks(readFileSync(join(checkout, 'docs/capture.md'), 'utf8')).filter(
    ({ info }) => info === 'sh',
  );
  // Where nobody looks at a window, Wireshark's other half reads the same.
  const reader = 'tshark -l -n -c 1 -T fields -e frame.interface_name -i -';
  const typed = command!.content.trim().replace('wireshark -k -i -', reader);
  assert.match(typed, reader);
  const child = execa('nsenter', ['-t', String(here.pid), '-n', 'bash', '-c', typed], {
    reject: false,
    timeout: 60_000,
    stdin: 'ignore',
    env: { ...here.box.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` },
  });
  let [shown, said] = ['', ''];
  child.stdout.on('data', chunk => (shown += chunk));
  child.stderr.on('data', chunk => (said += chunk));
  await eventually(() => {
    if (!/^capturing at /m.test(said)) throw new Error(`it does not listen: ${said}`);
  }, 20);
  await eventually(() => {
    here.sh('curl -s -m 10 -o /dev/null http://127.0.0.1:8080/');
    return shown !== '';
  }, 30);
  const { stderr } = await child;
  assert.match(shown, /^\S+\n/);
  assert.not.match(String(stderr), /EPIPE|\n {4}at /);
  assert.equal(tcpdumps(), []);
});

test('the host’s own connection: what was rewritten before the first point is there', async () => {
  const { child } = await capturing(['web', '--port', '80', '--point', 'bridge', '--point', 'eth0', '--count', '1']);
  here.sh('curl -s -m 10 -o /dev/null http://127.0.0.1:8080/');
  const { stdout } = await child;
  assert.match(String(stdout), /\(host\) +\S+ +web:eth0\n#1 .*TCP SYN\n +○─+ DNAT\+MASQ ─+▶●/);
  assert.match(String(stdout), /from 127\.0\.0\.1:\d+ +\S+:\d+\nto {3}127\.0\.0\.1:8080 +\S+:80\n/);
  assert.match(String(stdout), /nat OUTPUT > /);
});

test('to a published port from a container behind it: capturing changes nothing, also where bridges call iptables', async () => {
  here.sh('for s in /proc/sys/net/bridge/bridge-nf-call-iptables; do [ ! -e $s ] || echo 1 > $s; done');
  const { child } = await capturing(['web', 'peer', '--filter', 'tcp']);
  for (const name of ['peer', 'web'])
    assert.is(here.minidock('exec', name, 'wget', '-q', '-O', '-', `http://${host}:8080/`), 'web');
  child.kill('SIGINT');
  const { exitCode, stdout } = await child;
  assert.is(exitCode, 0);
  assert.not.match(String(stdout), /RST/);
  assert.match(String(stdout), /DNAT: nat PREROUTING > /);
  assert.match(String(stdout), /MASQUERADE: nat POSTROUTING > /);
  assert.match(String(stdout), /un-DNAT/);
});

/** Prints the connections of a namespace as the kernel's file has them, and as netlink answers, one a line. */
const asked = `
  const { readConnections } = await import('${checkout}/src/network/conntrack/table.ts');
  for (const file of [undefined, '/nonexistent']) {
    const found = await readConnections(file);
    console.log(found.map(one => JSON.stringify(one)).sort().join('\\n') + '\\n');
  }`;

requires(...needed, 'strace')(
  'a kernel without /proc/net/nf_conntrack tells the same by netlink, and rewrites are known',
  async () => {
    here.sh(`curl -s -m 10 http://${host}:8080/; ip addr add fd00::1/64 dev wire nodad`);
    neighbour.sh('ip addr add fd00::2/64 dev wire nodad; busybox ping -6 -c 1 fd00::1; busybox ping -c 1 198.18.5.1');
    const [file, netlink] = here
      .sh(`cd ${checkout}; ${process.execPath} --import tsx --input-type=module -e "${asked}"`)
      .split('\n\n')
      .map(text => text.trim().split('\n')) as [string[], string[]];
    assert.equal(netlink, file);
    for (const protocol of ['tcp', 'icmp'])
      assert.ok(
        file.some(line => line.includes(`"protocol":"${protocol}"`)),
        file.join('\n'),
      );
    // -D: the signal that ends the capture is for it, and not for strace.
    const hiding = ['-D', '-f', '--seccomp-bpf', '-qq', '-o', inPath('hidden'), '-P', '/proc/net/nf_conntrack'];
    const { child } = await capturing(
      ['web', '--port', '8080'],
      ['strace', ...hiding, '-e', 'trace=openat', '-e', 'inject=openat:error=ENOENT'],
    );
    assert.is(neighbour.sh(`curl -s -m 10 http://${host}:8080/`), 'web');
    child.kill('SIGINT');
    const { stdout, stderr } = await child;
    assert.match(readFileSync(inPath('hidden'), 'utf8'), /nf_conntrack.*INJECTED/);
    assert.not.match(stderr, /inferred/);
    assert.match(String(stdout), new RegExp(`to +${host}:8080 +${address}:80\\n +DNAT: nat PREROUTING > MINIDOCK`));
  },
);

test('from container to container, both captured; the one that stops is told, and its file is whole', async () => {
  const file = inPath('between.pcapng');
  const { child } = await capturing(['web', 'peer', '-w', file, '--filter', 'tcp port 80']);
  here.minidock('exec', 'peer', 'wget', '-q', '-O', '/dev/null', `http://${address}/`);
  here.minidock('stop', '-t', '0', 'peer');
  here.minidock('rm', 'peer');
  here.minidock('stop', '-t', '0', 'web');
  const { exitCode, stdout, stderr } = await child;
  assert.is(exitCode, 0, stderr);
  assert.match(stderr, /^container peer has ended$/m);
  assert.match(stderr, /^container web has ended$/m);
  // The bridge switches these: its own interface sees none of them.
  assert.match(String(stdout), /^ +web:eth0 +veth\w+ +veth\w+ +peer:eth0$/m);
  const syn = tshark(file, ['frame.interface_name', 'frame.comment'], 'tcp.flags == 2');
  assert.equal([syn.length, syn[0]![0], syn[3]![0]], [4, 'peer:eth0', 'web:eth0']);
  assert.match(syn[3]![1]!, /^walk 1 \(between, connection 1\), point 4 of 4$/);
  await eventually(() => assert.match(here.sh('ip -o link'), /^(?!.*veth)/s, 'their veth pairs are gone'));
  here.minidock('start', 'web');
  awaitPage('web');
  serve('peer');
});

test('SIGKILL leaves a file that can be read, and no process', async () => {
  const file = inPath('killed.pcapng');
  const { child } = await capturing(['web', '-w', file, '--port', '8080']);
  await eventually(() => neighbour.sh(`curl -s -m 10 http://${host}:8080/`) === 'web');
  await eventually(() => tshark(file, ['frame.number']).length > 0, 20);
  assert.ok(tcpdumps().length >= 4);
  child.kill('SIGKILL');
  await child;
  await eventually(() => assert.equal(tcpdumps(), []));
  assert.ok(tshark(file, ['frame.number']).length > 0);
  assert.match(refusedNot(['-r', file]).stdout, /DNAT/);
});

test('what cannot be captured or read is one line, with its exit code, and leaves nothing', async () => {
  here.minidock('create', '--name', 'made', 'bb', 'true');
  here.minidock('run', '-d', '--name', 'alone', '--network', 'none', 'bb', 'sleep', '1000');
  const pcap = inPath('one.pcap');
  here.sh(`timeout 0.3 tcpdump -i lo -w ${pcap} 2>/dev/null || true`);
  const foreign = inPath('foreign.pcapng');
  spawnSync('editcap', ['-F', 'pcapng', pcap, foreign]);
  writeFileSync(
    inPath('corrupt.pcapng'),
    Buffer.concat([readFileSync(inPath('in.pcapng')).subarray(0, 300), Buffer.alloc(90, 255)]),
  );
  mkdirSync(inPath('directory'));
  const lines: [string[], number, RegExp][] = [
    [['nobody'], 1, /^minidock: No such container: nobody\n/],
    [['made'], 1, /^minidock: Container \w+ is not running\n/],
    [['alone'], 1, /^minidock: container alone has no network interface but lo/],
    [['web', '--', 'prot', '80'], 1, /^minidock: invalid filter "prot 80": syntax error/],
    [
      ['web', '--point', 'eth7'],
      1,
      /^minidock: no point "eth7" on the way of these packets\n {2}fix: they pass .*web:eth0/,
    ],
    [['web', '-w', inPath('missing/x')], 1, /^minidock: cannot write .*missing\/x: no such directory/],
    [['web', '-w', inPath('directory')], 1, /^minidock: cannot write .*directory: it is a directory/],
    [['web', '--html', inPath('missing/x')], 1, /^minidock: cannot write .*missing\/x/],
    [['--read', inPath('missing')], 1, /^minidock: cannot read .*missing: no such file/],
    [['--read', pcap], 1, /: it is a pcap of one interface, and no pcapng/],
    [['--read', foreign], 1, /: it was written by .*its interfaces are not points of minidock/],
    [['--read', inPath('corrupt.pcapng')], 1, /: the block at byte \d+: /],
    [['--read', pcap, 'web'], 125, /^--read shows a file as it is/],
    [[], 1, /requires at least 1 argument/],
    [['web', '--port', '0'], 125, /invalid argument "0" for "--port" flag: must be 1 to 65535/],
    [['web', '--duration', '5'], 125, /invalid argument "5" for "--duration" flag: .*missing unit/],
  ];
  for (const [words, status, message] of lines) {
    const found = refused(words);
    assert.is(found.status, status, `${words.join(' ')}: ${found.stderr}`);
    assert.match(found.stderr, message, words.join(' '));
    assert.not.match(found.stderr, /defect| at .*\.ts/);
  }
  const file = inPath('never.pcapng');
  assert.match(refused(['web', '-w', file, '--', 'prot']).stderr, /invalid filter/);
  assert.not.ok(existsSync(file), 'a file of a capture that never began');
  const without = ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null "$(command -v tcpdump)" && exec "$@"', 'sh'];
  assert.match(
    refused(['web'], without).stderr,
    /^minidock: tcpdump is not installed.*\n {2}fix: apt-get install tcpdump/,
  );
  const weak = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw'];
  assert.match(
    refused(['web'], weak).stderr,
    /^minidock: cannot capture at \S+: .*permi.*\n {2}fix: capturing needs CAP_NET_RAW/,
  );
  assert.equal(tcpdumps(), []);
});

test('the network of the host, and a wire that is cut while somebody listens', async () => {
  here.minidock('run', '-d', '--name', 'shared', '--network', 'host', 'bb', 'sleep', '1000');
  const { child } = await capturing(['shared', 'web', '--', 'tcp port 8080']);
  assert.is(neighbour.sh(`curl -s -m 10 http://${host}:8080/`), 'web');
  here.sh('ip link del wire');
  let said = '';
  child.stderr.on('data', chunk => {
    said += chunk;
  });
  await eventually(() => assert.match(said, /^wire is gone: no more packets are seen there$/m), 20);
  child.kill('SIGTERM');
  const { exitCode, stdout, stderr } = await child;
  assert.is(exitCode, 0);
  assert.match(stderr, /^shared has the network of the host: these are the packets of the whole host$/m);
  assert.match(String(stdout), /TCP SYN/);
  assert.equal(tcpdumps(), []);
});

test.run();
