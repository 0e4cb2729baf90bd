import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type Answer, clientWithImage, type Pair, pairOf } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { startDockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { type PrivateHost, privateHost } from './support/private-host.ts';
import { requires, unmet } from './support/requires.ts';

/** Published ports beside Docker 20.10 with its network, on a host of their own: what both say, and that neither is in the way. */
const needs = [
  'root',
  'busybox',
  'overlayfs',
  'iptables',
  'ip',
  'nsenter',
  'unshare',
  'curl',
  'ipv6',
  'dockerd',
  'docker-20.10',
];
if (needs.map(unmet).some(reason => reason !== undefined)) {
  const test = requires(...needs);
  test('ports beside Docker', () => {});
  test.run();
} else beside();

function beside(): void {
  const test = suite('ports beside Docker');
  let host: PrivateHost;
  let pair: Pair;
  /** Another machine on the wire, as the beginning of a command. */
  let neighbour: string;
  let leave = () => {};

  test.before(async () => {
    host = await privateHost();
    const far = host.sh('unshare --net sleep infinity >/dev/null 2>&1 & echo $!');
    neighbour = `nsenter --net=/proc/${far}/ns/net`;
    await eventually(() => host.sh(`${neighbour} ip -br link`) !== host.sh('ip -br link'));
    host.sh(`ip link add wire type veth peer name wire netns ${far}
      ip addr add 10.9.0.1/24 dev wire; ip link set wire up; ip route add default via 10.9.0.2
      ${neighbour} sh -c 'ip link set lo up; ip addr add 10.9.0.2/24 dev wire; ip link set wire up'`);
    leave = () => host.sh(`kill ${far}`);
    const rootfs = (await busyboxImage()).rootfs;
    host.minidock('import', '-c', 'CMD ["sh"]', '-c', 'EXPOSE 80 53/udp', rootfs, 'bb');
    // Our bridge and rules are there before Docker's. Who switches forwarding on sets the policy DROP.
    host.sh('echo 0 > /proc/sys/net/ipv4/ip_forward');
    host.minidock('run', '-d', '--name', 'ours', '-p', '9081:80', 'bb', 'sh', '-c', server('ours'));
    const dockerEnv = {
      DOCKER_HOST: await startDockerd({ networkOf: host.pid }),
      DOCKER_CONFIG: temporaryFolder('dc'),
    };
    const docker = await clientWithImage(dockerEnv, ['EXPOSE 80 53/udp']);
    const ours = async (words: readonly string[]): Promise<Answer> => {
      const { status, stdout, stderr } = spawnSync('nsenter', ['-t', String(host.pid), '-n', minidockPath, ...words], {
        encoding: 'utf8',
        env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...host.box.env },
      });
      return { code: status ?? undefined, stdout, stderr };
    };
    pair = pairOf(docker, ours);
  });
  test.after(() => {
    leave();
    host.end();
  });

  /** Who reaches whom, with a container of each engine whose port is published. */
  function neitherInTheWay(): void {
    const addresses = [
      host.minidock('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'ours'),
      pair.docker(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'theirs']).stdout.trim(),
    ];
    const asks = (from: string, url: string) => host.sh(`${from} curl -s -m 1 http://${url}/ || echo "curl: $?"`);
    const inside = [
      host.minidock('inspect', '-f', '{{.State.Pid}}', 'ours'),
      pair.docker(['inspect', '-f', '{{.State.Pid}}', 'theirs']).stdout.trim(),
    ].map(pid => `nsenter -t ${pid} -n`);
    const published = ['10.9.0.1:9081', '10.9.0.1:9082'];
    for (const from of ['', neighbour, ...inside])
      assert.equal(
        published.map(url => asks(from, url)),
        ['ours', 'theirs'],
        `published ports, from ${from || 'the host'}`,
      );
    assert.equal(
      ['[::1]:9081', '[::1]:9082'].map(url => asks('', url)),
      ['ours', 'theirs'],
    );
    for (const from of inside) assert.is(asks(from, '10.9.0.2:8000'), 'far', 'the world');
    assert.is(asks(inside[0]!, `${addresses[1]}:81`), 'curl: 28', 'ours does not reach what Docker has not published');
    assert.is(asks(inside[1]!, `${addresses[0]}:81`), 'curl: 28', 'nor the reverse');
    assert.match(host.sh('iptables -S FORWARD'), /^-P FORWARD DROP$/m);
  }

  test('a Docker that starts after us, and one that was there before', () => {
    const served = `${neighbour} busybox httpd -f -p 8000 -h ${host.box.folder} >/dev/null 2>&1 & echo $!`;
    const world = host.sh(`echo far > ${host.box.folder}/index.html; ${served}`);
    const end = leave;
    leave = () => {
      host.sh(`kill ${world}`);
      end();
    };
    pair.docker(['run', '-d', '--name', 'theirs', '-p', '9082:80', 'bb', 'sh', '-c', server('theirs')]);
    for (const name of ['ours', 'theirs']) {
      const port = name === 'ours' ? 9081 : 9082;
      host.sh(`until curl -s -m 1 http://10.9.0.1:${port}/ >/dev/null; do sleep 0.1; done`);
    }
    // Docker has put its rules at the top.
    host.minidock('run', '--rm', 'bb', 'true');
    neitherInTheWay();
    host.minidock('kill', 'ours');
    host.sh(`ip link del ${host.box.bridge}; iptables-save | grep -v MINIDOCK | iptables-restore`);
    host.minidock('start', 'ours');
    host.sh('until curl -s -m 1 http://10.9.0.1:9081/ >/dev/null; do sleep 0.1; done');
    neitherInTheWay();
    host.minidock('rm', '-f', 'ours');
    pair.docker(['rm', '-f', 'theirs']);
  });

  const show = [
    [
      'inspect',
      '-f',
      [
        '{{json .NetworkSettings.Ports}} {{json .Config.ExposedPorts}} {{.State.Status}}',
        '{{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}}',
      ].join(' '),
      'pp',
    ],
    ['ps', '-a', '--filter', 'name=pp', '--format', '{{.Names}} {{.Ports}}'],
    ['port', 'pp'],
  ];

  /** What an engine makes of a container with these flags: one after the other, for both want the same ports. */
  async function made(run: Pair['ours'], flags: string): Promise<{ code?: number; stderr: string; shown: string[] }> {
    const words = flags.split(' ').filter(Boolean);
    const { code, stderr } = await run(['run', '-d', '--name', 'pp', ...words, 'bb', 'sleep', '1000']);
    const shown: string[] = [];
    for (const line of show) {
      const answer = await run(line);
      // Ports that were chosen; and Docker lists ports in the order of a hash.
      const lines = answer.stdout
        .replace(/\b3[2-9]\d{3}\b/g, '<chosen>')
        .split('\n')
        .sort();
      shown.push(`${line.join(' ')}: ${answer.code} ${lines.join('\n')}`);
    }
    await run(['rm', '-f', 'pp']);
    return { code, stderr, shown };
  }

  for (const [what, flags] of [
    ['nothing published', ''],
    ['a port', '-p 8080:80'],
    ['two protocols', '-p 8080:53/UDP -p [127.0.0.1]:8081:53 -p [::]::80'],
    ['the first free of a range', '-p 8000-8002:80'],
    ['a range', '-p 8000-8002:80-82'],
    ['0, which is chosen', '-p 0:80'],
    ['one that is chosen, of one address', '-p 127.0.0.1::80'],
    [
      'of one address',
      '-p 127.0.0.1:8082:82 -p 0.0.0.0:8083:83 -p [::1]:8084:84 -p published=8085,target=85,protocol=udp',
    ],
    ['-P', '-P'],
    ['-P, what is exposed, and one of them published', '-P --expose 90-91 -p 8080:80'],
    ['a port twice', '-p 8080:80 -p 8080:81'],
    ['an address of IPv6 that the host has not', '-p [2001:db8::9]:8080:80'],
  ] as const)
    test(`shown: ${what}`, async () => {
      const there = await made(async words => pair.docker(words), flags);
      const here = await made(pair.ours, flags);
      assert.is(here.code, there.code, `${there.stderr}\n${here.stderr}`);
      assert.equal(here.shown, there.shown);
    });

  for (const flags of [
    ...[
      '70000:80',
      '-1:80',
      '80:70000',
      '8002-8000:80',
      '8000-8002:80-81',
      'a:80',
      '80/xyz',
      '1.2.3:80:80',
      '8080:',
      '80:',
    ],
  ])
    test(`refused: -p ${flags}`, async () => {
      await pair.same(['run', '--rm', '-p', flags, 'bb', 'true']);
    });

  test('refused, in words of our own: IPv6 without brackets, what is no port, a range without a free port', async () => {
    const holders = [pair.docker(['run', '-d', '--name', 'hh', '-p', '8100-8101:80', 'bb', 'sleep', '1000'])];
    holders.push(await pair.ours(['run', '-d', '--name', 'hh', '-p', '8100-8101:80', 'bb', 'sleep', '1000']));
    assert.equal(
      holders.map(({ code }) => code),
      [0, 0],
      'each takes one of the two ports',
    );
    for (const flags of ['::1:8080:80', '[::1:80:80', 'foo=1', '8100-8101:80', '8100:80']) {
      const { there, here } = await pair.ask(['run', '--name', 'pp', '-p', flags, 'bb', 'true']);
      assert.is(there.code, 125, there.stderr);
      assert.is(here.code, 125, here.stderr);
      assert.not.match(here.stderr, /^ {4}at /m, 'no stack');
      await pair.ask(['rm', '-f', 'pp']);
    }
    await pair.ask(['rm', '-f', 'hh']);
  });

  test('what is not published, or no port', async () => {
    await pair.ask(['run', '-d', '--name', 'pp', 'bb', 'sleep', '1000']);
    for (const words of [
      ['port', 'pp', '80'],
      ['port', 'pp', '80/udp'],
      ['port', 'pp', 'x'],
      ['port', 'nope'],
    ]) {
      const { there, here } = await pair.ask(words);
      assert.is(here.code, there.code, `${words.join(' ')}: ${there.stderr} ${here.stderr}`);
    }
    await pair.same(['ps', '--format', '{{.Names}}', '--filter', 'publish=80']);
    await pair.ask(['rm', '-f', 'pp']);
  });

  test.run();
}

const server = (name: string) =>
  `mkdir /srv; echo ${name} > /srv/index.html; httpd -p 81 -h /srv; exec httpd -f -p 80 -h /srv`;
