import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { testRun } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

/**
 * The verbs of networks and the flags of `run` about them, beside Docker 20.10. The daemon that is lent to us has no network
 * `bridge` and no firewall rules: what passes between networks is told by container-networks.test.ts.
 */
const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'dockerd', 'docker-20.10');
let pair: Both;

test.before(async () => {
  pair = await both();
});
test.after.each(async () => {
  await pair.box.removeAll();
  const left = pair.docker(['ps', '-aq']).stdout.split('\n').filter(Boolean);
  if (left.length > 0) pair.docker(['rm', '-f', ...left]);
  await pair.ask(['network', 'prune', '-f']);
});

/** Two engines on one machine cannot have the same subnet: X stands for a third number that is each engine's own. */
const third = Number.parseInt(testRun, 16) & 127;
const own = (line: string, engine: 'docker' | 'ours') =>
  line
    .split(' ')
    .map(word => word.replaceAll('\u00a0', ' ').replaceAll('X', String(engine === 'docker' ? third : 128 + third)));
const normal = (text: string) =>
  text
    .replace(/[0-9a-f]{64}/g, '<id>')
    .replace(/network_id: [0-9a-f]{12}/g, 'network_id: <id>')
    .replace(/\d{4}-\d\d-\d\d(T| )[\d:]+(\.\d+)?( \+0000 UTC|Z)/g, '<time>')
    .replaceAll(`.${128 + third}.`, '.X.')
    .replaceAll(`.${third}.`, '.X.')
    .replace(/02:42:64:[0-9a-f:]{8}/g, '<mac>');

/** Commands in order; of each the exit code, the output and the first sentence of the error are compared. */
const cases: [what: string, ...lines: string[]][] = [
  [
    'made, listed, removed',
    'network create n1',
    'network ls -f type=custom --format {{.Name}},{{.Driver}},{{.Scope}}',
    'network rm n1',
  ],
  [
    'taken and predefined names',
    'network create n1',
    'network create n1',
    'network create host',
    'network create default',
  ],
  [
    'names of its own kind',
    'network create a_b.c-d',
    'network create --\u00a0x',
    'network ls -f type=custom --format {{.Name}}',
  ],
  [
    'drivers',
    'network create -d nodrv n1',
    'network create -d host n1',
    'network create -d null n1',
    'network create -d bridge n1',
  ],
  [
    'what inspect says',
    'network create --subnet 100.120.X.0/24 --gateway 100.120.X.254 --ip-range 100.120.X.128/25 --label a=b --label c --internal --attachable -o foo=bar n1',
    'network inspect n1',
    'inspect n1',
    'inspect --type network -f {{.Name}} n1',
  ],
  [
    'labels and auxiliary addresses',
    'network create --subnet 100.120.X.0/24 --aux-address a=100.120.X.9 n1',
    'network inspect -f {{json\u00a0.IPAM}} n1',
  ],
  [
    'a subnet with bits of a host',
    'network create --subnet 100.120.X.7/24 n1',
    'network inspect -f {{json\u00a0.IPAM.Config}} n1',
  ],
  [
    'subnets that are none',
    'network create --subnet abc n1',
    'network create --subnet 100.120.X.0/33 n1',
    'network create --subnet 100.120.X.0/32 n1',
  ],
  [
    'without a subnet',
    'network create --gateway 100.120.X.1 n1',
    'network create --ip-range 100.120.X.0/25 n1',
    'network create --aux-address a=100.120.X.1 n1',
  ],
  [
    'outside of the subnet',
    'network create --subnet 100.120.X.0/24 --gateway 100.121.X.1 n1',
    'network create --subnet 100.120.X.0/24 --ip-range 100.121.X.0/25 n1',
    'network create --subnet 100.120.X.0/24 --aux-address a=100.121.X.1 n1',
    'network create --subnet 100.120.X.0/24 --gateway abc n1',
  ],
  [
    'addresses that are taken',
    'network create --subnet 100.120.X.0/29 --gateway 100.120.X.0 n1',
    'network create --subnet 100.120.X.0/29 --gateway 100.120.X.7 n1',
    'network create --subnet 100.120.X.0/29 --gateway 100.120.X.1 --aux-address a=100.120.X.1 n1',
  ],
  ['two subnets', 'network create --subnet 100.120.X.0/24 --subnet 100.121.X.0/24 n1'],
  [
    'overlapping subnets',
    'network create --subnet 100.120.X.0/24 n1',
    'network create --subnet 100.120.X.128/25 n2',
    'network ls -qf name=n2',
    'network create --subnet 100.120.X.0/24 n3',
    'network create --subnet 100.120.0.0/16 n3',
  ],
  [
    'options of the driver that are none',
    'network create -o com.docker.network.bridge.enable_icc=maybe n1',
    'network create -o com.docker.network.bridge.enable_ip_masquerade=maybe n1',
    'network create -o com.docker.network.driver.mtu=abc n1',
    'network create -o com.docker.network.driver.mtu=-1 n1',
    'network create -o com.docker.network.bridge.name=lo n1',
  ],
  [
    'operands',
    'network create',
    'network create a b',
    'network rm',
    'network connect',
    'network connect a',
    'network disconnect a',
    'network inspect',
  ],
  [
    'filters',
    'network create --label a=b n1',
    'network create --label a --internal n10',
    'network create n2',
    'network ls -f name=n1 --format {{.Name}}',
    'network ls -f label=a --format {{.Name}}',
    'network ls -f label=a=b --format {{.Name}}:{{.Labels}}:{{.Label\u00a0"a"}}:{{.Internal}}:{{.IPv6}}',
    'network ls -f driver=bridge -f name=n -f type=custom --format {{.Name}}',
    'network ls -f type=custom --format table\u00a0{{.Name}}\\t{{.Driver}}',
    'network ls -f type=custom -f scope=local --format raw',
    'network ls -f scope=swarm',
    'network ls -f dangling=true --format {{.Name}}',
    'network ls -f type=foo',
    'network ls -f dangling=maybe',
    'network ls -f bad=1',
    'network ls -f type=builtin -f name=host --format {{.Name}},{{.Driver}}',
  ],
  [
    'what is not there',
    'network inspect nope',
    'network rm nope',
    'network disconnect nope nope',
    'network connect nope nope',
    'network create n1',
    'network connect n1 nope',
    'network rm',
    'network rm n1 n1',
  ],
  [
    'disconnect -f: of what is gone',
    'network create n1',
    'create --name c1 --network n1 bb sleep 1000',
    'network disconnect -f nope c1',
    'network disconnect -f n1 nobody',
    'network disconnect n1 nobody',
    'network disconnect -f nope nobody',
    'network rm n1',
    'network disconnect -f n1 c1',
    'network disconnect -f n1 c1',
    'start c1',
    'network disconnect -f nope c1',
    'network disconnect nope c1',
    'inspect -f {{json\u00a0.NetworkSettings.Networks}} c1',
    'network create n1',
    'create --name c2 --network n1 bb sleep 1000',
    'network rm n1',
    'network create n1',
    'network disconnect n1 c2',
    'network disconnect n1 c2',
  ],
  [
    'ports that no network leads to',
    'network create --internal n1',
    'run -d --name c1 --network n1 -p 127.0.0.1::80 bb sleep 1000',
    'create --name c2 -p 127.0.0.1::80 bb sleep 1000',
    'port c1',
    'port c2',
    'ps --format {{.Names}}:{{.Ports}}',
  ],
  ['some of several', 'network create n1', 'network inspect -f {{.Name}} n1 nope', 'network rm nope n1'],
  ['predefined ones stay', 'network rm host', 'network rm none'],
  [
    'prune',
    'network create --label a=b n1',
    'network create n2',
    'network prune -f --filter label!=a',
    'network prune -f --filter label=a',
    'network prune -f',
  ],
  [
    'prune asks, and knows its filters',
    'network create n1',
    'network prune',
    'network prune -f --filter foo=x',
    'network prune -f --filter until=1h',
  ],
  [
    'the predefined ones',
    'network inspect -f {{.Name}},{{.Driver}},{{.Scope}},{{json\u00a0.IPAM}},{{json\u00a0.Options}} host none',
  ],
  [
    'in use',
    'network create --subnet 100.120.X.0/24 n1',
    'run -d --name c1 --network n1 --ip 100.120.X.77 bb sleep 1000',
    'network rm n1',
    'network prune -f',
    'network inspect -f {{range\u00a0.Containers}}{{.Name}},{{.IPv4Address}},{{.IPv6Address}},{{.MacAddress}}{{end}} n1',
    'stop -t 0 c1',
    'network inspect -f {{len\u00a0.Containers}} n1',
    'network rm n1',
    'start c1',
  ],
  [
    'a container on a network',
    'network create --subnet 100.120.X.0/24 n1',
    'run -d --name c1 --network n1 --ip 100.120.X.77 --network-alias al --mac-address 02:42:ac:11:11:11 bb sleep 1000',
    'inspect -f {{json\u00a0.NetworkSettings.Networks.n1.IPAMConfig}},{{.NetworkSettings.Networks.n1.IPAddress}},{{.NetworkSettings.Networks.n1.IPPrefixLen}},{{.NetworkSettings.Networks.n1.Gateway}},{{.NetworkSettings.Networks.n1.MacAddress}} c1',
    'inspect -f {{index\u00a0.NetworkSettings.Networks.n1.Aliases\u00a00}},{{json\u00a0.NetworkSettings.Networks.n1.Links}},{{.NetworkSettings.IPAddress}},{{.NetworkSettings.Gateway}},{{.HostConfig.NetworkMode}} c1',
    'exec c1 ip route',
    'exec c1 cat /sys/class/net/eth0/address',
    'ps --filter network=n1 --format {{.Names}},{{.Networks}}',
    'ps --filter network=nope --format {{.Names}}',
    'run --rm --network n1 --ip 100.120.X.77 bb true',
    'run --rm --network n1 --ip 100.120.X.1 bb true',
    'run --rm --network n1 --ip 100.120.X.0 bb true',
    'run --rm --network n1 --ip 100.120.X.255 bb true',
    'run --rm --network n1 --ip 100.121.X.1 bb true',
    'run --rm --network n1 --ip abc bb true',
    'run --rm --network n1 --ip6 abc bb true',
    'run --rm --network n1 --ip6 fd00::2 bb true',
    'run --rm --network name=n1,ip=100.120.X.99,alias=zz bb cat /sys/class/net/eth0/mtu',
    'run --rm --network name=n1,foo=bar bb true',
    'run --rm --network n1 --network n1 bb true',
  ],
  ['an address where the subnet was chosen', 'network create n1', 'run --rm --network n1 --ip 10.9.9.9 bb true'],
  [
    'what goes with no network of one’s own',
    'run --rm --network host --ip 10.9.9.9 bb true',
    'run --rm --network none --ip 10.9.9.9 bb true',
    'run --rm --network none --network-alias foo bb true',
    'run --rm --network host --mac-address 02:42:ac:11:11:11 bb true',
    'run --rm --network none --mac-address 02:42:ac:11:11:11 bb true',
    'run --rm --network none --mac-address zz bb true',
  ],
  ['a network that is not there', 'run --rm --network nope bb true', 'run --rm --network ab bb true'],
  [
    'live',
    'network create --subnet 100.120.X.0/25 n1',
    'network create --subnet 100.120.X.128/25 n2',
    'run -d --name c1 --network n2 --ip 100.120.X.130 bb sleep 1000',
    'network connect --ip 100.120.X.9 --alias foo n1 c1',
    'exec c1 ip route',
    'inspect -f {{range\u00a0$k,$v:=.NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}}\u00a0{{end}} c1',
    'network connect n1 c1',
    'network connect --ip 100.120.X.9 n2 c1',
    'network connect host c1',
    'network connect none c1',
    'network connect --ip 100.121.X.9 nope c1',
    'network disconnect n2 c1',
    'exec c1 ip route',
    'network disconnect n2 c1',
    'network disconnect host c1',
    'network disconnect n1 c1',
    'exec c1 ls /sys/class/net',
    'inspect -f {{json\u00a0.NetworkSettings.Networks}} c1',
    'restart -t 0 c1',
    'exec c1 ls /sys/class/net',
  ],
  [
    'while it does not run',
    'network create --subnet 100.120.X.0/24 n1',
    'create --name c1 --network none bb sleep 1000',
    'network disconnect none c1',
    'network connect --ip 100.120.X.9 n1 c1',
    'network disconnect host c1',
    'start c1',
    'exec c1 ip route',
    'stop -t 0 c1',
    'inspect -f {{.NetworkSettings.Networks.n1.IPAddress}},{{json\u00a0.NetworkSettings.Networks.n1.IPAMConfig}} c1',
    'network disconnect n1 c1',
    'network disconnect n1 c1',
  ],
  [
    'no connection for who has none of its own',
    'network create n1',
    'run -d --name h --network host bb sleep 1000'.replace('--name h', '--name hh'),
    'run -d --name nn --network none bb sleep 1000',
    'network connect n1 hh',
    'network connect n1 nn',
    'network disconnect host hh',
    'inspect -f {{range\u00a0$k,$v:=.NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}}{{len\u00a0$v.EndpointID}}{{len\u00a0$v.NetworkID}}{{end}} hh nn',
    'network inspect -f {{range\u00a0.Containers}}{{.Name}}{{end}} host',
    'network disconnect none nn',
    'network connect n1 nn',
    'exec nn ls /sys/class/net',
  ],
  [
    'container:NAME',
    'network create --subnet 100.120.X.0/24 n1',
    'run -d --name c1 --network n1 --ip 100.120.X.9 --hostname lord bb sleep 1000',
    'run -d --name c2 --network container:c1 bb sleep 1000',
    'exec c2 hostname',
    'exec c2 ip route',
    'exec c2 tail -n 1 /etc/hosts',
    'inspect -f {{json\u00a0.NetworkSettings.Networks}},{{.Config.Hostname}} c2',
    'ps --filter name=c2 --format {{.Names}},{{.Networks}},{{.Ports}}',
    'network connect n1 c2',
    'stop -t 0 c1',
    'exec c2 ls /sys/class/net',
    'run --rm --network container:c1 bb true',
  ],
  [
    'what does not go with container:NAME',
    'run -d --name c1 --network none bb sleep 1000',
    'run --rm --network container:c1 -p 80:80 bb true',
    'run --rm --network container:c1 -P bb true',
    'run --rm --network container:c1 --expose 80 bb true',
    'run --rm --network container:c1 --hostname foo bb true',
    'run --rm --network container:c1 --mac-address 02:42:ac:11:00:99 bb true',
    'run --rm --network container:c1 --dns 1.1.1.1 bb true',
    'run --rm --network container:c1 --add-host a:1.2.3.4 bb true',
    'run --rm --network container:c1 --network-alias z bb true',
    'run --rm --network container:nope bb true',
    'run --rm --network container: bb true',
    'run --rm --network container bb true',
    'run --rm --network container:c1 --ip 10.9.9.9 bb ls /sys/class/net',
  ],
  [
    'a full network',
    'network create --subnet 100.120.X.0/30 n1',
    'run -d --network n1 --name f1 bb sleep 1000',
    'run -d --network n1 --name f2 bb sleep 1000',
    'ps -a --filter name=f2 --format {{.Status}}',
  ],
];

for (const [what, ...lines] of cases)
  test(`networks: ${what}`, async () => {
    for (const line of lines) {
      const there = pair.docker(own(line, 'docker'));
      const here = await pair.ours(own(line, 'ours'));
      const shown = `${line}\nDocker: ${JSON.stringify(there)}\nminidock: ${JSON.stringify(here)}`;
      assert.is(here.code, there.code, `exit code of ${shown}`);
      assert.equal(normal(here.stdout).split('\n'), normal(there.stdout).split('\n'), `output of ${shown}`);
      pair.sameGist(normal(there.stderr), normal(here.stderr).replaceAll('docker', 'minidock'));
    }
  });

test('networks: events', async () => {
  const began = (Date.now() / 1000).toFixed(3);
  for (const line of [
    'network create n1',
    'run -d --name c1 --network n1 bb sleep 1000',
    'stop -t 0 c1',
    'start c1',
    'network disconnect n1 c1',
    'network connect n1 c1',
    'rm -f c1',
    'network rm n1',
  ])
    for (const answer of Object.values(await pair.ask(line.split(' ')))) assert.is(answer.code, 0, line);
  const format = '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}';
  const wanted = ['events', '--since', began, '--until', '0s', '--filter', 'type=network', '--format', format];
  // Docker's client reads `--until 0s` in whole seconds: what happened in this one is not before it.
  await eventually(() => pair.docker(wanted).stdout.includes('destroy'), 20);
  const { there, here } = await pair.ask(wanted);
  // Docker tells of a live disconnect twice.
  const twice = 'disconnect n1 bridge\n';
  assert.is(here.stdout, there.stdout.replace(twice + twice, twice));
});

test.run();
