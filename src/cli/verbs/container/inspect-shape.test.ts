import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerPaths } from '../../../state/paths.ts';
import { renderTemplate } from '../../template/render.ts';
import { toJson } from '../../template/values.ts';
import { fakeRecord } from '../../testing/fakes.ts';
import { inspectImage } from '../image/inspect-shape.ts';
import { inspectContainer } from './inspect-shape.ts';
import { containerRow, showPorts, statusOf } from './row.ts';

const roots = { root: '/r', execRoot: '/e' };
const inspect = (record = fakeRecord()) => inspectContainer(record, containerPaths(roots, record.id));

// The keys of `docker inspect` 20.10 for a container on its default bridge: ours are some of them, none is invented.
const dockerKeys: Record<string, string> = {
  '': 'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings',
  State: 'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt',
  HostConfig:
    'Binds NetworkMode PortBindings RestartPolicy AutoRemove Privileged ReadonlyRootfs Memory NanoCpus PidsLimit MaskedPaths ReadonlyPaths',
  GraphDriver: 'Data Name',
  Config:
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels StopSignal',
  NetworkSettings:
    'Bridge SandboxID HairpinMode Ports SandboxKey EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway MacAddress Networks',
};

test('a container has Docker’s keys, and no others', () => {
  const inspected: Record<string, object> = inspect() as never;
  for (const [section, keys] of Object.entries(dockerKeys)) {
    const ours = Object.keys(section === '' ? inspected : inspected[section]!);
    assert.equal(
      ours.filter(key => !keys.split(' ').includes(key)),
      [],
      section,
    );
  }
});

test('what labs ask of a running container', () => {
  const { Id, Name, State, NetworkSettings, HostConfig, GraphDriver, Mounts, Config } = inspect();
  assert.is(Id, fakeRecord().id);
  assert.is(Name, '/web');
  assert.equal([State.Running, State.Pid, State.FinishedAt], [true, 23010, '0001-01-01T00:00:00Z']);
  assert.equal([NetworkSettings.IPAddress, NetworkSettings.Networks.bridge?.IPAddress], ['172.18.0.2', '172.18.0.2']);
  assert.equal(JSON.parse(toJson(NetworkSettings.Ports)), {
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
  const { State, NetworkSettings } = inspect(fakeRecord({ state }));
  assert.equal([State.Status, State.Running, State.ExitCode], ['exited', false, 137]);
  assert.equal([NetworkSettings.IPAddress, NetworkSettings.Gateway, NetworkSettings.Ports], ['', '', {}]);
  assert.is(statusOf(fakeRecord({ state }), Date.parse('2026-11-20T19:25:00Z')), 'Exited (137) 5 minutes ago');
  assert.is(containerRow(fakeRecord({ state }), 0, { truncate: true }).Ports, '');
});

test('status and ports in ps', () => {
  assert.is(statusOf(fakeRecord(), Date.parse('2026-11-20T19:14:19.4Z')), 'Up 3 seconds');
  const port = (hostPort: number, containerPort: number, hostIp = '0.0.0.0') => ({
    hostIp,
    hostPort,
    containerPort,
    protocol: 'tcp' as const,
  });
  assert.is(
    showPorts([port(8001, 81), port(8000, 80), port(9000, 82)]),
    '0.0.0.0:8000-8001->80-81/tcp, 0.0.0.0:9000->82/tcp',
  );
  assert.is(showPorts([port(53, 53, '::1')], ['80/tcp']), '80/tcp, [::1]:53->53/tcp');
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
    assert.is(renderTemplate(template, inspect()), expected);
    assert.is(renderTemplate(template, inspectImage(image)), expected);
  }
  assert.is(renderTemplate('{{json .Config.Labels}}', inspect()), '{}');
  assert.is(renderTemplate('{{json .Config.Labels}}', inspectImage(image)), 'null');
  const ports = '{{index .NetworkSettings.Ports "443/tcp"}} {{index .NetworkSettings.Ports "1/tcp"}}';
  assert.is(renderTemplate(ports, inspect()), '[] <no value>');
  assert.is(renderTemplate('{{.NetworkSettings.Networks.foo}}', inspect()), '<no value>');
  assert.is(renderTemplate('{{json .HostConfig.PidsLimit}}', inspect()), 'null');
  for (const template of ['{{.Config.Foo}}', '{{.State.Foo}}', '{{.NetworkSettings.Networks.foo.IPAddress}}'])
    assert.throws(() => renderTemplate(template, inspect()), /template parsing error/, template);
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
  history: [],
  diffIds: ['sha256:33', 'sha256:44'],
  layers: ['/r/a', '/r/b'],
};

test('an image has Docker’s keys', () => {
  const inspected = inspectImage(image);
  assert.equal([inspected.Size, inspected.VirtualSize, inspected.Parent], [5, 5, '']);
  assert.equal(inspected.GraphDriver.Data, { LowerDir: '/r/a', UpperDir: '/r/b' });
  assert.equal(
    [inspected.Id, inspected.Config.Cmd, inspected.RootFS.Layers],
    ['sha256:11', ['nginx'], ['sha256:33', 'sha256:44']],
  );
});

test.run();
