// @linux-3.10 what a user does in a classroom with CentOS 7
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { containerPaths } from '../src/state/paths.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { endProcesses, processesWith } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { requires } from './support/requires.ts';
import { onTerminal } from './support/terminal.ts';

const test = requires('root', 'busybox', 'overlayfs', 'iptables', 'ip');
const withScript = requires('root', 'busybox', 'overlayfs', 'script');
let box: BusyboxEngine;

test.before(async () => {
  box = await busyboxEngine();
});

test.after.each(() => box.removeAll());

const containers = () => readdirSync(join(box.root, 'containers'));
const runDirectories = () => readdirSync(box.execRoot).filter(name => /^[0-9a-f]{12}$/.test(name));

/** The supervisor of a running container: the parent of its first process. */
async function supervisorOf(id: string): Promise<number> {
  const pid = await box.inspect(id, '{{.State.Pid}}');
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

test('run -d prints the full id; ps, logs and inspect know it; stop and rm take it by any name', async () => {
  const id = await box.start('echo one; echo two >&2; echo three; sleep 1000', '--name', 'first');
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(await box.ok(['ps', '-q']), id.slice(0, 12));
  assert.is(await box.ok(['ps', '-q', '--no-trunc']), id);
  const table = (await box.ok(['ps'])).split('\n');
  assert.match(table[0]!, /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
  assert.match(table[1]!, new RegExp(`^${id.slice(0, 12)} +bb +"sh -c 'echo one; ec…" +\\S.*ago +Up .* +first$`));
  assert.is(
    await box.ok(['ps', '--format', '{{.Names}}|{{.Image}}|{{.State}}|{{.ID}}']),
    `first|bb|running|${id.slice(0, 12)}`,
  );
  await eventually(async () => {
    const logs = await box.minidock(['logs', 'first']);
    assert.equal([logs.stdout, logs.stderr], ['one\nthree', 'two']);
  });
  assert.is(await box.inspect(id.slice(0, 5), '{{.Id}} {{.Name}} {{.State.Running}}'), `${id} /first true`);
  assert.is(await box.ok(['stop', '-t', '0', id.slice(0, 12)]), id.slice(0, 12));
  assert.is(await box.ok(['ps', '-q']), '');
  assert.is(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}']), 'first exited');
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\) .* ago$/);
  assert.is(await box.ok(['rm', 'first']), 'first');
  assert.equal(containers(), []);
});

test('inspect: the fields that scripts ask for', async () => {
  const flags = [
    '--name',
    'seen',
    '--network',
    'bridge',
    '-p',
    '127.0.0.1::80',
    '-e',
    'A=1',
    '-w',
    '/w',
    '-v',
    'vol:/v',
    '-u',
    '33',
    '-h',
    'host',
  ];
  const id = await box.start('sleep 1000', ...flags);
  const [all] = JSON.parse(await box.ok(['inspect', 'seen']));
  assert.is(all.Id, id);
  assert.match(all.Created, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.is(all.Path, 'sh');
  assert.equal(all.Args, ['-c', 'sleep 1000']);
  assert.match(all.Image, /^sha256:[0-9a-f]{64}$/);
  assert.is(all.Config.Image, 'bb');
  assert.is(all.Config.Hostname, 'host');
  assert.is(all.Config.User, '33');
  assert.is(all.Config.WorkingDir, '/w');
  assert.ok(all.Config.Env.includes('A=1'));
  assert.is(all.State.Status, 'running');
  assert.ok(existsSync(`/proc/${all.State.Pid}`));
  assert.is(all.HostConfig.NetworkMode, 'bridge');
  assert.equal(
    all.Mounts.map((mount: { Destination: string }) => mount.Destination),
    ['/v'],
  );
  const [{ HostIp, HostPort }] = all.NetworkSettings.Ports['80/tcp'];
  assert.is(HostIp, '127.0.0.1');
  assert.is(await box.ok(['ps', '--format', '{{.Ports}}']), `127.0.0.1:${HostPort}->80/tcp`);
  assert.is(await box.inspect('seen', '{{range .Mounts}}{{.Name}} {{.Type}} {{.RW}}{{end}}'), 'vol volume true');
  assert.is(await box.inspect('seen', '{{json .Config.Cmd}}'), '["sh","-c","sleep 1000"]');
  const bad = await box.minidock(['inspect', '--format', '{{.No.Such}}', 'seen']);
  assert.is(bad.exitCode, 1);
  await box.ok(['rm', '-f', 'seen']);
});

test('logs: -f to the end, --tail, -t, and a line without its end', async () => {
  const id = await box.start('for i in 1 2 3; do echo line $i; sleep 0.1; done; sleep 0.5; printf end');
  assert.is(await box.ok(['logs', '-f', id]), 'line 1\nline 2\nline 3\nend');
  assert.is(await box.ok(['logs', '--tail', '2', id]), 'line 3\nend');
  assert.is(await box.ok(['logs', '-n', '0', id]), '');
  assert.match(await box.ok(['logs', '-t', '--tail', '1', id]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z end$/);
  await box.ok(['rm', id]);
});

test('logs keep control characters; what is no UTF-8 becomes U+FFFD, as in Docker’s json-file', async () => {
  const id = await box.start("printf '\\000\\377\\r\\033[1m\\n'");
  await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
  const logs = await box.minidock(['logs', id], { encoding: 'buffer', stripFinalNewline: false });
  assert.equal(Buffer.from(logs.stdout as unknown as Uint8Array), Buffer.from('\0\ufffd\r\x1b[1m\n'));
  await box.ok(['rm', id]);
});

test('exec: exit codes, streams, input, environment, directory, user', async () => {
  const id = await box.start('sleep 1000', '-e', 'OWN=1', '-w', '/own');
  const exec = (args: string[], options = {}) => box.minidock(['exec', ...args], options);
  for (const [command, code] of [
    [['true'], 0],
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -9 $$'], 137],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['nosuch'], 126],
    [['/etc'], 126],
  ] as const)
    assert.is((await exec([id, ...command])).exitCode, code, command.join(' '));
  const both = await exec([id, 'sh', '-c', 'echo out; echo err >&2']);
  assert.equal([both.stdout, both.stderr], ['out', 'err']);
  assert.is((await exec([id, 'wc', '-c'], { input: 'abc', stdin: 'pipe' })).stdout, '0');
  assert.is(
    (await exec(['-i', id, 'wc', '-c'], { input: Buffer.alloc(3 << 20), stdin: 'pipe' })).stdout,
    String(3 << 20),
  );
  assert.is(await box.inside(id, 'pwd; echo $OWN $HOME'), '/own\n1 /root');
  const set = await exec([
    '-w',
    '/etc',
    '-u',
    'www-data',
    '-e',
    'OWN=2',
    '-e',
    'NEW=3',
    id,
    'sh',
    '-c',
    'pwd; id -un; echo $OWN $NEW $HOME',
  ]);
  assert.is(set.stdout, '/etc\nwww-data\n2 3 /var/www');
  const status = await box.inside(id, 'cat /proc/self/status');
  for (const line of [/^CapInh:\t0+$/m, /^CapAmb:\t0+$/m, /^CapBnd:\t00000000a80425fb$/m, /^Seccomp:\t2$/m])
    assert.match(status, line);
  assert.is(await box.ok(['exec', '-d', id, 'sh', '-c', 'sleep 0.3; touch /done']), '');
  await eventually(async () => assert.is((await exec([id, 'test', '-e', '/done'])).exitCode, 0));
  await box.ok(['rm', '-f', id]);
  const gone = await exec([id, 'true']);
  assert.equal([gone.exitCode, String(gone.stderr).split('\n')[0]], [1, `minidock: No such container: ${id}`]);
});

test('exec ends with its container', async () => {
  const id = await box.start('sleep 1000');
  const client = box.minidock(['exec', id, 'sh', '-c', 'echo in; sleep 1000']);
  await new Promise(resolve => client.stdout?.once('data', resolve));
  await box.ok(['rm', '-f', id]);
  assert.is((await client).exitCode, 137);
});

withScript('exec -it: a terminal', async () => {
  const id = await box.start('sleep 1000');
  const { exitCode, shown } = await onTerminal(
    `'${minidockPath}' exec -it ${id} sh`,
    [[/# /, 'stty size; tty; exit 8\n']],
    box.env,
  );
  assert.is(exitCode, 8, shown);
  assert.match(shown, /33 77\s+\/dev\/pts\/0/);
  await box.ok(['rm', '-f', id]);
});

test('exec into a container that has exited is refused', async () => {
  const id = await box.start('true');
  await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
  const result = await box.minidock(['exec', id, 'true']);
  assert.is(result.exitCode, 1);
  assert.match(String(result.stderr), /Container [0-9a-f]{64} is not running/);
  await box.ok(['rm', id]);
});

test('rm refuses a running container without -f, and goes on with the others', async () => {
  const [a, b] = [await box.start('sleep 1000', '--name', 'aa'), await box.start('true', '--name', 'bb')];
  await eventually(async () => assert.is(await box.inspect(b, '{{.State.Status}}'), 'exited'));
  const result = await box.minidock(['rm', 'aa', 'nosuch', 'bb']);
  assert.is(result.exitCode, 1);
  assert.is(result.stdout, 'bb', String(result.stderr));
  assert.match(String(result.stderr), new RegExp(`You cannot remove a running container ${a}`));
  assert.match(String(result.stderr), /No such container: nosuch/);
  await box.ok(['rm', '-f', 'aa']);
});

test('stop of a stopped container is no error; of none it is', async () => {
  const id = await box.start('true');
  await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
  await box.ok(['stop', id]);
  await box.ok(['rm', id]);
  assert.is((await box.minidock(['stop', id])).exitCode, 1);
});

test('of two runs with one name at once exactly one wins', async () => {
  for (let round = 0; round < 3; round++) {
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        box.minidock(['run', '-d', '--name', 'one', '--network', 'none', 'bb', 'sleep', '1000']),
      ),
    );
    const codes = runs.map(({ exitCode }) => exitCode).sort();
    assert.equal(codes, [0, 125, 125, 125], runs.map(({ stderr }) => stderr).join('\n'));
    for (const { exitCode, stderr } of runs)
      if (exitCode)
        assert.match(
          String(stderr),
          /^minidock: Conflict\. The container name "\/one" is already in use by container "[0-9a-f]{64}"/,
        );
    await box.ok(['rm', '-f', 'one']);
    assert.equal(containers(), [], 'the losers left nothing');
  }
});

test('ten containers at once get ten addresses', async () => {
  const ids = await Promise.all(Array.from({ length: 10 }, () => box.start('sleep 1000', '--network', 'bridge')));
  const addresses = await Promise.all(
    ids.map(id => box.inspect(id, '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.MacAddress}}')),
  );
  assert.is(new Set(addresses).size, 10, addresses.join('\n'));
  await box.ok(['rm', '-f', ...ids]);
  await eventually(() => assert.equal(readdirSync(`/sys/class/net/${box.bridge}/brif`), []));
  assert.equal(runDirectories(), []);
});

test('--rm with -d: the keeper removes it, network, name and volumes without a name', async () => {
  const id = await box.start(
    'sleep 0.3',
    '--rm',
    '--name',
    'brief',
    '--network',
    'bridge',
    '-p',
    '127.0.0.1::80',
    '-v',
    '/data',
  );
  await eventually(() => {
    assert.equal(containers(), []);
    assert.equal(runDirectories(), []);
  });
  assert.is((await box.minidock(['inspect', id])).exitCode, 1);
  assert.equal(readdirSync(join(box.root, 'names')), []);
  assert.equal(
    readdirSync(join(box.root, 'volumes')).filter(name => /^[0-9a-f]{64}$/.test(name)),
    [],
  );
  assert.equal(readdirSync(join(box.root, 'networks', box.bridge, 'leases')), []);
});

test('a killed supervisor takes its container along, which shows as exited 137 with the reason', async () => {
  const id = await box.start('sleep 1000 & sleep 1000', '--name', 'orphan', '--network', 'bridge');
  const pid = Number(await box.inspect(id, '{{.State.Pid}}'));
  process.kill(await supervisorOf(id), 'SIGKILL');
  await eventually(() => assert.not(isAlive(pid)));
  assert.is(await box.inspect(id, '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}'), 'exited 137 0');
  assert.match(await box.inspect(id, '{{.State.Error}}'), /supervisor was killed/);
  assert.match(await box.ok(['ps', '-a', '--format', '{{.Status}}']), /^Exited \(137\)/);
  assert.equal(runDirectories(), []);
  await eventually(() => assert.equal(readdirSync(`/sys/class/net/${box.bridge}/brif`), []));
  await box.ok(['rm', 'orphan']);
});

test('a client killed in the foreground leaves its container running, as Docker’s does', async () => {
  const client = box.minidock([
    'run',
    '--name',
    'left',
    '--network',
    'none',
    'bb',
    'sh',
    '-c',
    'echo up; while :; do echo tick; sleep 0.1; done',
  ]);
  await new Promise(resolve => client.stdout?.once('data', resolve));
  client.kill('SIGKILL');
  await client;
  const id = await box.inspect('left', '{{.Id}}');
  assert.is(await box.inspect('left', '{{.State.Running}}'), 'true');
  const lines = async () => (await box.ok(['logs', 'left'])).split('\n').length;
  const before = await lines();
  await eventually(async () => assert.ok((await lines()) > before + 2, 'it still runs and logs'));
  await box.ok(['rm', '-f', 'left']);
  assert.not.ok(existsSync(containerPaths(box, id).run));
});

test('a client of --rm that was killed: the keeper removes the container once it ends', async () => {
  const client = box.minidock(['run', '--rm', '--network', 'none', 'bb', 'sh', '-c', 'echo up; sleep 1']);
  await new Promise(resolve => client.stdout?.once('data', resolve));
  client.kill('SIGKILL');
  await client;
  assert.is(containers().length, 1);
  await eventually(() => {
    assert.equal(containers(), []);
    assert.equal(runDirectories(), []);
  });
});

test('twenty exits at once start few cleaners', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => box.start('sleep 1000')));
  const pids = await Promise.all(ids.map(id => box.inspect(id, '{{.State.Pid}}')));
  const seen = new Set<number>();
  const watch = setInterval(() => {
    for (const pid of keepers()) seen.add(pid);
  }, 3);
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  await eventually(() => assert.equal(runDirectories(), []), 20).finally(() => clearInterval(watch));
  assert.ok(seen.size >= 1 && seen.size <= 4, `${seen.size} cleaners`);
  const states = await box.ok(['ps', '-a', '--format', '{{.State}}']);
  assert.is(states, Array(20).fill('exited').join('\n'));
  await box.ok(['rm', ...ids]);
  await eventually(() => assert.equal(keepers(), []));
});

/** Cleaners of this engine: their command line names its root. Their environment is empty. */
function keepers(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return (
          command.includes('keeper') &&
          command.includes(box.root) &&
          readlinkSync(`/proc/${pid}/exe`) === process.execPath
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

test('a cleaner that was killed is made up for by the next command', async () => {
  const id = await box.start('sleep 1000', '--network', 'bridge');
  const supervisor = await supervisorOf(id);
  // A stopped supervisor cannot write its record; what follows must not wait for it for ever.
  process.kill(supervisor, 'SIGSTOP');
  process.kill(Number(await box.inspect(id, '{{.State.Pid}}')), 'SIGKILL');
  process.kill(supervisor, 'SIGKILL');
  await eventually(async () => assert.is(await box.inspect(id, '{{.State.Status}}'), 'exited'));
  await box.ok(['rm', id]);
  assert.equal([containers(), runDirectories()], [[], []]);
});

test('nothing of an engine runs while no container does', async () => {
  await eventually(() => assert.equal(processesWith(`MINIDOCK_ROOT=${box.root}`).filter(isAlive), []));
});

test('containers outlive their client’s session and terminal', async () => {
  const client = spawn(
    'setsid',
    [minidockPath, 'run', '-d', '--name', 'session', '--network', 'none', 'bb', 'sleep', '1000'],
    {
      env: { ...process.env, ...box.env },
      stdio: 'ignore',
    },
  );
  await new Promise(resolve => client.once('exit', resolve));
  endProcesses([client.pid!]);
  assert.is(await box.inspect('session', '{{.State.Running}}'), 'true');
  const supervisor = await supervisorOf(await box.inspect('session', '{{.Id}}'));
  const [, , , , , session, terminal] = readFileSync(`/proc/${supervisor}/stat`, 'utf8')
    .replace(/^.*\) /, 'x x ')
    .split(' ')
    .slice(0, 7);
  assert.is(terminal, '0', 'no terminal');
  assert.is(Number(session), supervisor, 'a session of its own');
  assert.is(readlinkSync(`/proc/${supervisor}/cwd`), '/');
  await box.ok(['rm', '-f', 'session']);
});

test.run();
