import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toPlain } from '../../../api/go/json.ts';
import type { Value } from '../../../api/go/values.ts';
import { inspectContainer } from '../../../api/shapes/container/inspect.ts';
import { statusOf } from '../../../api/shapes/container/status.ts';
import { inspectImage } from '../../../api/shapes/image/inspect.ts';
import { containerPaths } from '../../../state/paths.ts';
import { compileForInspect } from '../../template/inspection.ts';
import { fakeRecord } from '../../testing/fakes.ts';
import { showPorts } from '../container/ports.ts';
import { containerRow } from '../container/row.ts';

const roots = { root: '/r', execRoot: '/e' };
const inspect = (record = fakeRecord()) =>
  inspectContainer({
    record,
    files: containerPaths(roots, record.id),
    layers: ['/r/layers/a/diff', '/r/layers/b/diff'],
    execs: [],
  });
// biome-ignore lint/suspicious/noExplicitAny: JSON, whose values the tests compare
const plain = (record = fakeRecord()): any => toPlain(inspect(record));
const render = (template: string, item: Value) => compileForInspect(template)(item);

// The keys of `docker inspect` 20.10, in its order.
const dockerKeys: Record<string, string> = {
  '': 'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings',
  State: 'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt',
  HostConfig:
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Runtime ConsoleSize Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests KernelMemory KernelMemoryTCP MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths',
  GraphDriver: 'Data Name',
  Config:
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels',
  NetworkSettings:
    'Bridge SandboxID HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen Ports SandboxKey SecondaryIPAddresses SecondaryIPv6Addresses EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway MacAddress Networks',
};

test('a container has Docker’s keys in Docker’s order', () => {
  const inspected = plain();
  for (const [section, keys] of Object.entries(dockerKeys))
    assert.equal(Object.keys(section === '' ? inspected : inspected[section]), keys.split(' '), section);
});

test('what labs ask of a running container', () => {
  const { Id, Name, State, NetworkSettings, HostConfig, GraphDriver, Mounts, Config } = plain();
  assert.is(Id, fakeRecord().id);
  assert.is(Name, '/web');
  assert.equal([State.Running, State.Pid, State.FinishedAt], [true, 23010, '0001-01-01T00:00:00Z']);
  assert.equal([NetworkSettings.IPAddress, NetworkSettings.Networks.bridge?.IPAddress], ['172.18.0.2', '172.18.0.2']);
  assert.equal(NetworkSettings.Ports, {
    '443/tcp': null,
    '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
  });
  assert.equal(HostConfig.PortBindings, { '80/tcp': [{ HostIp: '', HostPort: '8080' }] });
  assert.equal([HostConfig.Binds, HostConfig.Memory, HostConfig.NanoCpus], [['/opt:/data:ro'], 104857600, 1500000000]);
  assert.is(GraphDriver.Data.LowerDir, '/r/layers/b/diff:/r/layers/a/diff');
  assert.is(GraphDriver.Data.UpperDir, `/r/containers/${Id}/upper`);
  assert.equal(Mounts[0], {
    Type: 'bind',
    Source: '/opt',
    Destination: '/data',
    Mode: 'ro',
    RW: false,
    Propagation: 'rprivate',
  });
  assert.equal(Config.ExposedPorts, { '443/tcp': {}, '80/tcp': {} });
});

test('one that exited has no address and no ports', () => {
  const state = {
    ...fakeRecord().state,
    status: 'exited' as const,
    pid: 0,
    exitCode: 137,
    finishedAt: '2026-11-20T19:20:00Z',
  };
  const { State, NetworkSettings } = plain(fakeRecord({ state }));
  assert.equal([State.Status, State.Running, State.ExitCode], ['exited', false, 137]);
  assert.equal([NetworkSettings.IPAddress, NetworkSettings.Gateway, NetworkSettings.Ports], ['', '', {}]);
  assert.is(statusOf(fakeRecord({ state }), Date.parse('2026-11-20T19:25:00Z')), 'Exited (137) 5 minutes ago');
  assert.is(containerRow(fakeRecord({ state }), 0, { truncate: true }).Ports, '');
});

test('status and ports in ps', () => {
  assert.is(statusOf(fakeRecord(), Date.parse('2026-11-20T19:14:19.4Z')), 'Up 3 seconds');
  const paused = fakeRecord({ state: { ...fakeRecord().state, paused: true } });
  assert.is(statusOf(paused, Date.parse('2026-11-20T19:14:19.4Z')), 'Up 3 seconds (Paused)');
  const port = (hostPort: number, containerPort: number, hostIp = '0.0.0.0', protocol: 'tcp' | 'udp' = 'tcp') => ({
    hostIp,
    hostPort,
    containerPort,
    protocol,
  });
  const open = (containerPort: number) => ({ containerPort, protocol: 'tcp' });
  // What Docker's client prints for the same ports.
  for (const [ports, shown] of [
    [[port(8001, 81), port(8000, 80)], '0.0.0.0:8000->80/tcp, 0.0.0.0:8001->81/tcp'],
    [[port(81, 81), port(80, 80), port(82, 82)], '0.0.0.0:80-82->80-82/tcp'],
    [
      [port(80, 80), port(81, 81), port(9000, 82), open(90), open(91)],
      '0.0.0.0:80-81->80-81/tcp, 90-91/tcp, 0.0.0.0:9000->82/tcp',
    ],
    [
      [port(80, 80), port(81, 81, '127.0.0.1'), port(53, 53, '0.0.0.0', 'udp')],
      '0.0.0.0:53->53/udp, 0.0.0.0:80->80/tcp, 127.0.0.1:81->81/tcp',
    ],
    [[open(80), open(82)], '80/tcp, 82/tcp'],
    [[], ''],
  ] as const)
    assert.is(showPorts(ports), shown);
});

// Each printed by Docker's client, for objects with the same values.
test('what is nil or missing in a map prints as in Go, and is null in JSON', () => {
  const cases: [string, string][] = [
    ['{{.Config.Labels}} {{.Config.Labels.a}} {{index .Config.Labels "a"}}.', 'map[] <no value> .'],
    ['{{.Config.Entrypoint}} {{len .Config.Entrypoint}} {{json .Config.Entrypoint}}', '[] 0 null'],
    ['{{.Config.Volumes}} {{json .Config.Volumes}}', 'map[] null'],
    ['{{range .Config.Volumes}}x{{else}}none{{end}}', 'none'],
  ];
  for (const [template, expected] of cases) {
    assert.is(render(template, inspect()), expected);
    assert.is(render(template, inspectImage(image)), expected);
  }
  assert.is(render('{{json .Config.Labels}}', inspect()), '{}');
  assert.is(render('{{json .Config.Labels}}', inspectImage(image)), 'null');
  const ports = '{{index .NetworkSettings.Ports "443/tcp"}} {{index .NetworkSettings.Ports "1/tcp"}}';
  assert.is(render(ports, inspect()), '<no value> <no value>');
  assert.is(render('{{.NetworkSettings.Networks.foo}}', inspect()), '<no value>');
  assert.is(render('{{json .HostConfig.PidsLimit}}', inspect()), 'null');
  assert.is(render('{{.NetworkSettings.Networks.foo.IPAddress}}', inspect()), '<no value>');
  for (const template of ['{{.Config.Foo}}', '{{.State.Foo}}'])
    assert.throws(() => render(template, inspect()), /template parsing error/, template);
});

const image: Parameters<typeof inspectImage>[0] = {
  id: 'sha256:11',
  manifestDigest: 'sha256:22',
  repoTags: ['nginx:alpine'],
  repoDigests: [],
  created: '2026-01-01T00:00:00Z',
  size: 5,
  architecture: 'amd64',
  os: 'linux',
  config: { Cmd: ['nginx'] },
  document: {
    author: 'me',
    comment: '',
    docker_version: '20',
    config: { Cmd: ['nginx'], OnBuild: ['RUN x'], Hostname: 5 },
  },
  history: [],
  diffIds: ['sha256:33', 'sha256:44'],
  layers: ['/r/a', '/r/b'],
};

test('an image has Docker’s keys', () => {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const inspected = toPlain(inspectImage(image)) as any;
  assert.equal([inspected.Size, inspected.VirtualSize, inspected.Parent], [5, 5, '']);
  assert.equal(inspected.GraphDriver.Data, { LowerDir: '/r/a', UpperDir: '/r/b' });
  assert.equal(
    [inspected.Id, inspected.Config.Cmd, inspected.RootFS.Layers],
    ['sha256:11', ['nginx'], ['sha256:33', 'sha256:44']],
  );
  // What only Docker writes into a config is shown where it is of its type.
  const { Author, DockerVersion, Config, ContainerConfig } = inspected;
  assert.equal([Author, DockerVersion, Config.OnBuild, Config.Hostname], ['me', '20', ['RUN x'], '']);
  assert.equal(Object.keys(Config), Object.keys(ContainerConfig));
});

test('templates see the fields that JSON leaves out, and print structs', () => {
  const cases: [string, string][] = [
    ['{{range .Mounts}}[{{.Name}}]{{.Type}}{{end}}', '[]bind'],
    ['{{.HostConfig.LogConfig}} {{.HostConfig.LogConfig.Type}}', '{json-file map[]} json-file'],
    ['{{.HostConfig.RestartPolicy}} {{.HostConfig.RestartPolicy.IsNone}}', '{no 0} true'],
    ['{{.HostConfig.NetworkMode.IsHost}} {{.HostConfig.NetworkMode}}', 'false bridge'],
    ['{{.ID}} {{eq .State.Pid 23010}} {{printf "%d" .State.Pid}}', `${fakeRecord().id} true 23010`],
    ['{{.State.Health}} {{.SizeRw}} {{.Config.StopTimeout}}|{{.Config.StopSignal}}', '<nil> <nil> <nil>|'],
    ['{{range $port, $_ := .HostConfig.PortBindings}}{{$port.Port}} {{$port.Proto}}{{end}}', '80 tcp'],
  ];
  for (const [template, expected] of cases) assert.is(render(template, inspect()), expected, template);
  assert.is(
    render('{{.Author}}|{{.Comment}}|{{.Metadata}}|{{.Variant}}', inspectImage(image)),
    'me||{0001-01-01 00:00:00 +0000 UTC}|',
  );
});

test.run();
