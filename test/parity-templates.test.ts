import { spawn } from 'node:child_process';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type Case, caseImage } from '../src/cli/template/testing/case.ts';
import { functionCases } from '../src/cli/template/testing/function-cases.ts';
import { printfCases } from '../src/cli/template/testing/printf-cases.ts';
import { syntaxCases } from '../src/cli/template/testing/syntax-cases.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { type Dockerd, dockerd } from './support/dockerd.ts';
import { type Sandbox, sandbox } from './support/minidock.ts';
import { docker2010, requires } from './support/requires.ts';

const test = requires('root', 'overlayfs', 'busybox', 'dockerd', 'docker-20.10');

interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

let docker: (args: string[]) => Promise<Result>;
let ours: (args: string[]) => Promise<Result>;
const shared = temporaryFolder('templates');

/** Both engines with the same image and the same three containers: one that runs, one that ended, one that was stopped. */
test.before(async () => {
  const daemon: Dockerd = await dockerd();
  const box: Sandbox = sandbox();
  docker = args => run(docker2010()!, ['-H', daemon.host, ...args]);
  ours = async args => {
    const { exitCode, stdout, stderr } = await box.minidock(args);
    return { status: exitCode ?? -1, stdout: `${stdout}\n`, stderr: `${stderr}\n` };
  };
  const changes = [...caseImage.changes, 'LABEL tag=<b>&', 'LABEL com.example.my-cpu=7', 'EXPOSE 80', 'VOLUME /vol'];
  const { rootfs } = await busyboxImage();
  for (const engine of [docker, ours]) {
    const imported = (name: string, lines: string[]) =>
      must(engine, ['import', '-m', 'said', ...lines.flatMap(line => ['-c', line]), rootfs, name]);
    await imported(caseImage.name, caseImage.changes);
    await imported('full:1', changes);
    const flags = ['--network', 'none', '-v', `${shared}:/data:ro`, '-v', 'named:/named', '-e', 'X=<y>&z'];
    const limits = ['--memory', '100m', '--cpus', '0.5', '--pids-limit', '50', '-h', 'host', '-w', '/tmp', '-u', '1:1'];
    await must(engine, ['run', '-d', '--name', 'up', ...flags, ...limits, 'full:1', 'sleep', '100000']);
    await engine(['run', '--name', 'done', '--network', 'none', caseImage.name, 'sh', '-c', 'exit 3']);
  }
});

async function must(engine: typeof docker, args: string[]): Promise<string> {
  const { status, stdout, stderr } = await engine(args);
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return stdout;
}

function run(command: string, args: string[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', chunk => (stdout += chunk));
    child.stderr.on('data', chunk => (stderr += chunk));
    child.on('error', reject).on('close', status => resolve({ status: status ?? -1, stdout, stderr }));
  });
}

/** Some at a time: most of a client's life is waiting for the other processor. */
async function forAll<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await action(item);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

/** Many templates as one: a start of the client costs more than all that they do. */
const separator = '|~|';
const together = (templates: readonly string[]) => templates.map(one => `{{with $}}${one}{{end}}`).join(separator);

test('the cases of the unit test are what Docker prints', async () => {
  const cases = [...syntaxCases, ...printfCases, ...functionCases];
  const print = (template: string) => docker(['inspect', '-f', template, caseImage.name]);
  const printed = cases.filter(([, , exitCode]) => exitCode === undefined);
  const alone: Case[] = cases.filter(([, , exitCode]) => exitCode !== undefined);
  const groups = Array.from({ length: Math.ceil(printed.length / 12) }, (_, at) =>
    printed.slice(at * 12, at * 12 + 12),
  );
  await forAll(groups, async group => {
    const { status, stdout } = await print(together(group.map(([template]) => template)));
    // Some do not go together: two that define the same, one that only the keys of the JSON fit.
    if (status !== 0 || stdout !== `${group.map(([, expected]) => expected).join(separator)}\n`) alone.push(...group);
  });
  await forAll(alone, async ([template, expected, exitCode]) => {
    const { status, stdout, stderr } = await print(template);
    if (exitCode === undefined) assert.equal([status, stdout], [0, `${expected}\n`], template);
    // Docker's client prints an empty line before an error.
    else
      assert.equal(
        [status, stdout.trim(), stderr],
        [exitCode, '', `template parsing error: template: ${expected}\n`],
        template,
      );
  });
});

/** What differs between two engines on two data roots: ids, addresses in memory, folders, times, process ids. */
function comparable({ status, stdout, stderr }: Result): [number, string, string] {
  const clean = (text: string) =>
    text
      .replace(/\b[0-9a-f]{64}\b/g, 'ID')
      .replace(/\b[0-9a-f]{12}\b/g, 'SHORT')
      .replace(/\b[0-9a-f]{14}…/g, 'SHORT…')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000 UTC)/g, time =>
        time.startsWith('0001') ? time : 'TIME',
      )
      .replace(/(Up|Exited \(\d+\)) [^|\n]*?(second|minute)s?( ago)?/g, '$1 AGE')
      .replace(/(Less than a|About a|\d+) (second|minute)s? ago/g, 'AGE')
      // A column is as wide as its longest time, and 9 seconds are shorter than 10.
      .replace(/^[\s\S]*AGE[\s\S]*$/, table => table.replace(/ {3,}/g, '   '));
  return [
    status,
    clean(stdout).trim(),
    clean(stderr)
      .replace(/^(minidock: |Error: )/gm, '')
      .trim(),
  ];
}

async function same(args: string[]): Promise<void> {
  const [theirs, mine] = await Promise.all([docker(args), ours(args)]);
  // A group of templates compares nothing where one of them fails.
  if (args.some(arg => arg.includes(separator))) assert.is(theirs.status, 0, theirs.stderr);
  assert.equal(comparable(mine), comparable(theirs), args.join(' '));
}

const typed = [
  '{{.ID}} {{.Name}} {{.Path}} {{.Args}}',
  '{{range .Mounts}}{{if eq .Destination "/data"}}[{{.Name}}{{.Driver}}] {{.Type}} {{.Mode}} {{.RW}} {{.Propagation}}{{end}}{{end}}',
  // One at a time: Docker lists them in another order each time.
  '{{range .Mounts}}{{if eq .Destination "/vol"}}{{.Destination}} {{.Type}} {{.Driver}} {{len .Name}}{{end}}{{end}}|',
  '{{range .Mounts}}{{if eq .Destination "/named"}}{{.Name}} {{.Type}} {{.Driver}}{{end}}{{end}}|',
  '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Error}}',
  '{{.State.Health}} {{json .State.Health}} {{.SizeRw}} {{.Node}}',
  '{{printf "%T %T %T" .State .HostConfig .Mounts}}',
  '{{printf "%d|%5d|%v" .State.ExitCode .State.ExitCode .State.Running}}',
  '{{eq .State.ExitCode 0}} {{gt .State.ExitCode 2}} {{lt .State.ExitCode 1}}',
  // Docker's client puts them in another order each time.
  '{{len .HostConfig.Binds}} {{printf "%T" .HostConfig.Binds}} {{range .HostConfig.Binds}}{{if eq . "named:/named"}}{{json .}}{{end}}{{end}}',
  '{{range .HostConfig.Binds}}{{if ne . "named:/named"}}{{.}}{{end}}{{end}}',
  '{{.HostConfig.LogConfig.Config}} {{json .HostConfig.LogConfig.Config}}',
  '{{.HostConfig.NetworkMode}} {{.HostConfig.NetworkMode.IsNone}} {{.HostConfig.NetworkMode.IsHost}} {{.HostConfig.NetworkMode.NetworkName}}',
  '{{.HostConfig.RestartPolicy}} {{.HostConfig.RestartPolicy.Name}} {{json .HostConfig.RestartPolicy}} {{.HostConfig.RestartPolicy.IsNone}}',
  '{{printf "%+v %#v" .HostConfig.RestartPolicy .HostConfig.RestartPolicy}}',
  '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCPUs}} {{.HostConfig.PidsLimit}} {{.HostConfig.ShmSize}}',
  '{{.HostConfig.NanoCPUs}} {{.HostConfig.CPUShares}}',
  '{{.HostConfig.Resources.Memory}} {{.ContainerJSONBase.Name}}',
  '{{.HostConfig.MemorySwappiness}} {{json .HostConfig.MemorySwappiness}} {{.HostConfig.OomKillDisable}}',
  '{{json .HostConfig.DNS}} {{json .HostConfig.CapAdd}} {{json .HostConfig.Devices}} {{json .HostConfig.Ulimits}} {{json .HostConfig.ConsoleSize}}',
  '{{.HostConfig.DNS}}{{.HostConfig.CapAdd}}{{.HostConfig.Tmpfs}}{{.HostConfig.Sysctls}}{{.HostConfig.Init}}{{.HostConfig.Mounts}}',
  '{{.HostConfig.Privileged}} {{.HostConfig.AutoRemove}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.IpcMode}} {{.HostConfig.PidMode}}|',
  '{{.HostConfig.PortBindings}} {{json .HostConfig.PortBindings}} {{len .HostConfig.PortBindings}}',
  '{{json .HostConfig.ReadonlyPaths}}',
  '{{.Config.Hostname | len}} {{.Config.Domainname}} {{.Config.User}} {{.Config.WorkingDir}} {{.Config.Image}} {{.Config.StopSignal}}',
  '{{.Config.Env}} {{json .Config.Env}} {{index .Config.Env 0}} {{len .Config.Env}}',
  '{{range .Config.Env}}{{println .}}{{end}}',
  '{{join .Config.Env ", "}} {{join .Config.Cmd " "}} {{.Config.Cmd}} {{json .Config.Cmd}} {{json .Config.Entrypoint}}',
  '{{range $i, $e := .Config.Env}}{{if $i}};{{end}}{{slice $e 0 1}}{{end}}',
  '{{.Config.Labels}} {{json .Config.Labels}} {{.Config.Labels.tag}} {{.Config.Labels.nope}} {{index .Config.Labels "com.example.my-cpu"}}',
  '{{range $k, $v := .Config.Labels}}{{$k}}={{$v | html}} {{else}}none{{end}}',
  '{{with .Config.Labels}}{{len .}}{{else}}no labels{{end}}',
  '{{.Config.Volumes}} {{json .Config.Volumes}} {{.Config.ExposedPorts}} {{json .Config.ExposedPorts}}',
  '{{range $p, $_ := .Config.ExposedPorts}}{{$p.Port}} {{$p.Proto}} {{$p.Int}}{{end}}',
  '{{.Config.Healthcheck}} {{.Config.Shell}} {{.Config.StopTimeout}} {{.Config.OnBuild}} {{.Config.ArgsEscaped}} {{.Config.MacAddress}}|',
  '{{.Config.Tty}} {{.Config.OpenStdin}} {{.Config.StdinOnce}} {{.Config.AttachStdin}} {{.Config.AttachStdout}} {{.Config.AttachStderr}}',
  '{{.NetworkSettings.Ports}} {{json .NetworkSettings.Ports}} {{.NetworkSettings.IPAddress}}|{{.NetworkSettings.MacAddress}}|',
  '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.IPAddress}} {{$v.Aliases}} {{json $v.IPAMConfig}}{{end}}',
  '{{.NetworkSettings.Networks.foo}} {{.NetworkSettings.Networks.foo.IPAddress}} {{.NetworkSettings.Networks.none.IPAddress}}|',
  '{{index .NetworkSettings.Networks "none" | printf "%T"}} {{(index .NetworkSettings.Networks "none").IPPrefixLen}}',
  '{{.GraphDriver.Name}} {{len .GraphDriver.Data}} {{.Driver}} {{.Platform}} {{.RestartCount}} {{.AppArmorProfile}}|',
  '{{range $k, $_ := .GraphDriver.Data}}{{$k}} {{end}}',
  '{{json .ExecIDs}} {{.MountLabel}}{{.ProcessLabel}}|',
  '{{.Created}} {{.State.StartedAt}} {{.State.FinishedAt}}',
  '{{if and .State.Running (not .State.Paused)}}up{{else if eq .State.Status "exited"}}down {{.State.ExitCode}}{{end}}',
  '{{printf "%.12s %-10s|%5t" .ID .Name .State.Running}}',
  '{{html .Config.Env}} {{js .Config.Env}} {{urlquery .Config.Env}}',
  '{{upper .State.Status}} {{title .Driver}} {{truncate .ID 12}}',
];

// These fail by the fields of Docker's types: the keys of the JSON decide, or the error.
const byKey = [
  '{{.HostConfig.Dns}}{{.HostConfig.CapAdd}}{{.HostConfig.Tmpfs}}{{.HostConfig.Sysctls}}{{.HostConfig.Init}}{{.HostConfig.Mounts}}',
  '{{json .HostConfig.Dns}} {{json .HostConfig.CapAdd}} {{json .HostConfig.Devices}} {{json .HostConfig.Ulimits}} {{json .HostConfig.ConsoleSize}}',
  '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.ShmSize}}',
  '{{.Id}} {{upper .HostConfig.NetworkMode}}',
  '{{.State.Foo}}',
  '{{.Foo.Bar}}',
  '{{.State.Pid.X}}',
  '{{.Mounts.X}}',
  '{{.Id}} {{.Foo}}',
  '{{.Id}} {{printf "%T" .State}}',
  '{{.Id}} {{.State.Paused}} {{printf "%d" .State.ExitCode}}',
  '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}',
  '{{.Config.Labels.a.b}}',
  '{{index .Config.Env 9}}',
  '{{template "x"}}',
  '{{if}}',
  '{{.',
  '{{define "pair"}}<{{.}}>{{end}}{{range .Config.Env}}{{template "pair" .}}{{end}}',
];

test('inspect --format of containers prints what Docker prints', async () => {
  const templates = [together(typed), ...byKey];
  await forAll(
    ['up', 'done'].flatMap(name => templates.map(template => ['inspect', '--format', template, name])),
    same,
  );
});

const ofImages = [
  '{{.ID}} {{.RepoTags}} {{.RepoDigests}} {{json .RepoDigests}} {{.Parent}}|',
  '{{.Author}}|{{.Comment}}|{{.Container}}|{{.Variant}}|{{.OsVersion}}',
  '{{printf "%T" .Metadata}} {{.Architecture}} {{.Os}} {{.Size}} {{.VirtualSize}} {{.GraphDriver.Name}}',
  '{{.Config.Labels}} {{json .Config.Labels}} {{json .Config.Volumes}} {{json .Config.ExposedPorts}} {{.Config.StopSignal}}',
  '{{.Config.Env}} {{.Config.Cmd}} {{json .Config.Entrypoint}} {{.Config.WorkingDir}}|{{.Config.User}}|{{.Config.Image}}|',
  '{{json .Config}}',
  '{{.ContainerConfig.Cmd}} {{json .ContainerConfig}}',
  '{{.RootFS.Type}} {{len .RootFS.Layers}} {{.RootFS.BaseLayer}}',
];

test('inspect --format of images prints what Docker prints', async () => {
  await forAll(
    [caseImage.name, 'full:1'].flatMap(name =>
      [together(ofImages), '{{.Variant}}|{{.Foo}}', '{{.Config.Foo}}'].map(template => [
        'image',
        'inspect',
        '-f',
        template,
        name,
      ]),
    ),
    same,
  );
  await same(['inspect', '-f', '{{.Os}}', caseImage.name, 'nosuch', 'full:1']);
});

const ofRows = [
  '{{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.RunningFor}} {{.State}} {{.Ports}}|{{.CreatedAt}}',
  '{{.Status}}',
  '{{.Size}}',
  '{{.Networks}} {{.LocalVolumes}}',
  '{{.Label "tag"}} {{.Label "nope"}}|{{"tag" | .Label | html}}',
  '{{.Label}}',
  '{{.Label 5}}',
  '{{.ID "x"}}',
  '{{.Foo}}',
  '{{if .X}}{{end}}',
  '{{.ID',
  'table {{.ID',
  'table {{.Names}}\\t{{.Label "com.example.my-cpu"}}\\t{{.Size}}',
  'table {{upper .Names}}\\t{{json .Image}}\\t{{len .ID}}',
  'tableau{{.Names}}',
  'table',
  '{{json .Command}} {{json .Image}}',
  '{{with .Names}}{{.}}{{end}}{{$.State}}',
  '{{.Names}}\\n\\tx',
];

test('ps, images and history by a template print what Docker prints', async () => {
  await forAll(
    ofRows.map(template => ['ps', '-a', '--format', template]),
    same,
  );
  // Docker prints labels in any order: of the container that has none.
  await same(['ps', '-a', '--filter', 'name=done', '--format', '{{json .}}']);
  // Also where there is no row.
  for (const template of ['{{.Nope}}', '{{.Names}}'])
    await same(['ps', '-a', '--filter', 'name=nobody', '--format', template]);
  const images = [
    '{{.Repository}}:{{.Tag}} {{.ID}} {{.Digest}} {{.Size}} {{.VirtualSize}} {{.SharedSize}} {{.CreatedSince}} {{.CreatedAt}}',
    'table {{.Repository}}\\t{{.Digest}}',
    '{{json .}}',
    '{{.Foo}}',
    '{{.Tag',
    'raw',
  ];
  await forAll(
    images.map(template => ['images', '--format', template, 'full']),
    same,
  );
  await forAll(
    [
      '{{.ID}} {{.CreatedSince}} {{.CreatedAt}} {{.CreatedBy}} {{.Size}} {{.Comment}}',
      '{{json .}}',
      '{{.Foo}}',
      '{{',
    ].map(template => ['history', '--format', template, caseImage.name]),
    same,
  );
  await same(['version', '--format', '{{.Foo}}']);
  await same(['version', '--format', '{{.Client.Foo}}']);
  await same(['version', '--format', '{{.']);
  await same(['version', '--format', '{{.Client.Os}} {{.Server.Arch}} {{.Client.Version | len | lt 0}}']);
});

/** Every key with the kind of its value, in order: `.HostConfig.Dns: array`. Of maps of data no keys. */
function structure(json: unknown, path = ''): string[] {
  const kind =
    json === null ? 'null' : Array.isArray(json) ? (json.length === 0 ? 'empty array' : 'array') : typeof json;
  if (kind === 'array') return [`${path}: array`, ...structure((json as unknown[])[0], `${path}[]`)];
  if (kind !== 'object') return [`${path}: ${kind}`];
  if (/\.(Labels|Data|Ports|PortBindings|ExposedPorts)$/.test(path)) return [`${path}: map`];
  return [
    `${path}: object`,
    ...Object.entries(json as object).flatMap(([key, item]) => structure(item, `${path}.${key}`)),
  ];
}

/** Docker's engine lists mounts as they come. */
function inOrder(text: string): unknown {
  const json = JSON.parse(text);
  json[0].Mounts?.sort((a: { Destination: string }, b: { Destination: string }) =>
    a.Destination < b.Destination ? -1 : 1,
  );
  return json;
}

test('inspect has the keys of Docker, in its order, and the same empty forms', async () => {
  for (const name of ['up', 'done', caseImage.name, 'full:1']) {
    const [theirs, mine] = await Promise.all([docker, ours].map(engine => must(engine, ['inspect', name])));
    assert.equal(structure(inOrder(mine!)), structure(inOrder(theirs!)), name);
  }
  await same(['inspect', 'nosuch']);
});

test.run();
