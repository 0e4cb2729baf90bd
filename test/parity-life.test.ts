import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type Both, both } from './support/both.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { requires } from './support/requires.ts';

/** The verbs of a container's life, beside Docker 20.10: the same output, exit code and gist of the error in every state. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;

test.before(async () => {
  pair = await both();
  await pair.same(['import', '-c', 'LABEL a=image b=image', (await busyboxImage()).rootfs, 'labelled']);
});
test.after.each(async () => {
  await pair.ask(['rm', '-f', 'one', 'two', 'other']);
});

const labels = join(temporaryFolder('labels'), 'labels');
writeFileSync(labels, '# none\na=file\nb=file\n\nnothing\n');
const none = '--network none bb';
const sleeps = `run -d --name one ${none} sleep 1000`;
const state =
  'inspect -f {{.State.Status}},{{.State.Running}},{{.State.Paused}},{{.State.Pid|eq\u00a00}},{{.State.ExitCode}} one';
const cases: [what: string, ...lines: string[]][] = [
  ['create, start, wait', `create --name one ${none} sh -c exit\u00a03`, state, 'start one', 'wait one', state],
  [
    'start again with -a',
    `create --name one ${none} sh -c echo\u00a0hi;exit\u00a03`,
    'start -a one',
    'start -a one',
    'logs one',
  ],
  ['a failed start', `run --name one ${none} nosuch`, state, 'start one', 'start -a one', 'wait one', 'rm one'],
  [
    'a command that cannot be executed',
    `run -d --name one ${none} /etc`,
    state,
    'ps -a --format {{.Names}}:{{.Status}}',
  ],
  ['a failed start with --rm', `run --rm --name one ${none} nosuch`, 'ps -a --format {{.Names}}'],
  ['a user that is not there', `run --name one -u nosuch ${none} true`, 'ps -a --format {{.Names}}:{{.Status}}'],
  ['create twice', `create --name one ${none} true`, `create --name one ${none} true`],
  ['create without an image', 'create', 'create --name'],
  ['start what runs', sleeps, 'start one one', state],
  [
    'start several',
    `create --name one ${none} sleep 9`,
    `create --name two ${none} sleep 9`,
    'start one nosuch two',
    'start -a one two',
  ],
  [
    'pause',
    sleeps,
    'pause one',
    state,
    'pause one',
    'ps --format {{.State}}',
    'exec one true',
    'rm one',
    'start one',
    'unpause one',
    'unpause one',
    state,
  ],
  ['pause in another state', `create --name one ${none} true`, 'pause one', 'unpause one', 'pause nosuch'],
  ['stop what is paused', sleeps, 'pause one', 'stop -t 0 one', state],
  ['kill what is paused', sleeps, 'pause one', 'kill one', state],
  ['rm -f of what is paused', sleeps, 'pause one', 'rm -f one'],
  ['restart what is paused', sleeps, 'pause one', 'restart -t 0 one', state],
  [
    'kill',
    sleeps,
    'kill -s FOO one',
    'kill -s 0 one',
    'kill -s CONT one',
    'kill one',
    state,
    'kill one',
    'kill one nosuch',
  ],
  [
    'kill of a real-time signal',
    `run -d --name one ${none} sh -c trap\u00a0exit\u00a037;>/set;while\u00a0:;do\u00a0sleep\u00a00.1;done`,
    'exec one sh -c until\u00a0[\u00a0-e\u00a0/set\u00a0];do\u00a0sleep\u00a00.1;done',
    // The kernel drops a signal that process 1 does not catch.
    'kill -s SIGRTMAX-1 one',
    'kill -s RTMIN+3 one',
    'wait one',
    state,
  ],
  ['stop twice', sleeps, 'stop -t 0 one', 'stop one', state, 'stop nosuch'],
  ['restart', sleeps, 'restart -t 0 one', state, 'stop -t 0 one', 'restart one', state, 'restart nosuch'],
  [
    'a failed restart',
    `create --name one ${none} nosuch`,
    'restart one nosuch',
    state,
    `create --name two ${none} /etc`,
    'restart -t 0 two',
  ],
  [
    'a failed start of several',
    `create --name one ${none} nosuch`,
    'start one',
    'kill one',
    'stop one',
    'pause one',
    'unpause one',
    'top one',
    'stats --no-stream nosuch',
    'wait nosuch',
  ],
  [
    'restart of --rm',
    `run -d --rm --name one ${none} sleep 1000`,
    'restart -t 0 one',
    state,
    'stop -t 0 one',
    'ps -aq',
  ],
  ['wait', `create --name one ${none} true`, 'wait one', 'wait nosuch one'],
  [
    'rename',
    sleeps,
    'rename one one',
    'rename one other',
    'ps --format {{.Names}}',
    `create --name one ${none} true`,
    'rename other one',
    'rename nosuch two',
    'rename other a/b',
    'rename other x',
  ],
  [
    'an empty value says nothing',
    `run -d --name one -w  --pull  --ip  --ip6  --mac-address  --platform  --detach-keys  -v /opt:/x: -v /opt:/y -v /opt:/y --expose 80/ --restart always:0 --cpu-shares 0x400 ${none} sleep 1000`,
    'inspect -f {{.Config.WorkingDir}}|{{json\u00a0.Config.ExposedPorts}}|{{len\u00a0.HostConfig.Binds}}|{{.HostConfig.CPUShares}} one',
    'exec -w  --detach-keys  one pwd',
    'inspect --type  -f {{.Name}} one',
    'port one ',
    'ps -f  --format {{.Names}}',
    'ps -f id= --format {{.Names}}',
    'rm ',
    'rm -f ',
    'update --restart no one',
    'kill -s  one',
    'wait one',
    'commit one ',
  ],
  [
    'values that make no sense',
    ...[
      '-l a\u00a0b',
      '--cpus 1/3',
      '--dns fe80::1%lo',
      '--restart no:1',
      '--restart on-failure:x',
      '--network none --ip x',
      '--network none --link x',
    ].map(flags => `create --name one ${flags} bb true`),
    'update --restart on-failure:x one',
  ],
  ['rename to nothing', sleeps, 'rename one \u00a0', 'rename one'],
  ['port', sleeps, 'port one', 'port one 80', 'port one 80/udp', 'port nosuch'],
  ['rm', sleeps, 'rm one', 'rm -l one', 'stop -t 0 one', 'rm one nosuch', 'rm -l nosuch'],
  ['exec in another state', `create --name one ${none} true`, 'exec one true', 'exec -d one true'],
  [
    'container prune',
    `run --name one ${none} true`,
    'container prune -f --filter label=x',
    'container prune -f --filter foo=x',
    'container prune',
    'ps -a --format {{.Names}}',
  ],
  [
    'verbs of the group',
    `container create --name one ${none} sleep 9`,
    'container start one',
    'container pause one',
    'container unpause one',
    'container rename one two',
    'container kill two',
    'container wait two',
    'container port two',
    'container ls -a --format {{.Names}}',
    'container restart -t 0 two',
    'container rm -f two',
  ],
  [
    'labels',
    'create --name one -l a=own -l c -l d=x=y labelled true',
    'inspect -f {{json\u00a0.Config.Labels}} one',
    'ps -a --filter label=a=own --format {{.Label\u00a0"b"}},{{.Label\u00a0"c"}}.',
  ],
  [
    'label files',
    'create --label-file /nowhere/labels bb true',
    `run --rm --label-file ${labels} -l b=own --name one ${none} true`,
  ],
  [
    'stop signal and timeout',
    `run -d --name one --stop-signal RTMIN+1 --stop-timeout 3 ${none} sh -c trap\u00a0exit\u00a035;while\u00a0:;do\u00a0sleep\u00a00.1;done`,
    'inspect -f {{.Config.StopSignal}},{{.Config.StopTimeout}} one',
  ],
  ['a stop signal that is none', `create --name one --stop-signal FOO ${none} true`],
  [
    'names of others',
    `create --name one --add-host db:1.2.3.4 --add-host six:::1 --dns 1.1.1.1 --dns-search a.b --dns-option ndots:2 ${none} true`,
    'inspect -f {{json\u00a0.HostConfig.ExtraHosts}}{{json\u00a0.HostConfig.Dns}}{{json\u00a0.HostConfig.DnsSearch}}{{json\u00a0.HostConfig.DnsOptions}} one',
  ],
  [
    '/etc/hosts',
    `run --rm --add-host db:1.2.3.4 --add-host six:::1 ${none} cat /etc/hosts`,
    `run --rm --network host --add-host db:1.2.3.4 bb cat /etc/hosts`,
  ],
  [
    '/etc/resolv.conf',
    `run --rm --dns 1.1.1.1 --dns 2.2.2.2 --dns-search a.b --dns-search c --dns-option ndots:2 ${none} cat /etc/resolv.conf`,
    `run --rm --dns 1.1.1.1 --dns-search . ${none} cat /etc/resolv.conf`,
  ],
  [
    'names that are none',
    ...['--add-host db', '--add-host :1.2.3.4', '--add-host db:x', '--dns x', '--dns-search !'].map(
      flags => `create ${flags} bb true`,
    ),
  ],
  [
    'exposed ports',
    `create --name one --expose 80 --expose 53/udp --expose 90-91 ${none} true`,
    'inspect -f {{json\u00a0.Config.ExposedPorts}} one',
    'create --expose 1:2 bb true',
  ],
  ['another platform', `create --pull never --name one --platform linux/arm64 ${none} true`],
  ['hostnames', `run --rm -h a.b.c ${none} hostname`, `run --rm -h a.b ${none} cat /etc/hostname`],
  [
    'exec with flags',
    sleeps,
    'exec -w /tmp one pwd',
    'exec -u 1000:1001 one id',
    'exec -e A=1 -e B=2 one sh -c echo\u00a0$A$B',
    `exec --env-file ${labels} one sh -c env|grep\u00a0=file`,
    'exec -d one true',
    'exec one sh -c exit\u00a04',
    'exec --env-file /nowhere/env one true',
  ],
];

/** The filters of `ps`, on the same four containers: one exited, one that runs with labels and a volume, one made, one paused. */
const listed: [what: string, filters: string][] = [
  ['by name', '-f name=two -f name=^/?thr'],
  ['by a part of a name', '-f name=e$'],
  ['by label', '-f label=tier'],
  ['by labels', '-f label=tier=front -f label=other'],
  ['by exit code', '-f exited=3'],
  ['by several exit codes', '-f exited=0 -f exited=3'],
  ['by state', '-f status=exited -f status=paused'],
  ['by the state running', '-f status=running'],
  ['before', '-f before=three'],
  ['since', '-f since=one'],
  ['before and since', '-f before=four -f since=one'],
  ['since one that is not there', '-f since=nosuch'],
  ['by a volume', '-f volume=data'],
  ['by the target of a volume', '-f volume=/data'],
  ['by network', '-f network=none'],
  ['by another network', '-f network=bridge'],
  ['by image', '-f ancestor=labelled'],
  ['by an image that is not there', '-f ancestor=nosuch'],
  ['by health', '-f health=none'],
  ['by another health', '-f health=healthy'],
  ['by a health that is none', '-f health=ill'],
  ['by task', '-f is-task=false'],
  ['by tasks', '-f is-task=true'],
  ['by a task that is none', '-f is-task=maybe'],
  ['by published port', '-f publish=80'],
  ['by exposed port', '-f expose=80-90/tcp'],
  ['by a port that is none', '-f publish=x'],
  ['by an unknown key', '-f nosuch=1'],
  ['by an exit code that is none', '-f exited=x'],
  ['by a state that is none', '-f status=x'],
  ['by nothing', '-f name'],
];

test('ps lists the same containers for every filter', async () => {
  const names = ['one', 'two', 'three', 'four'];
  const lines = [
    `run --name one ${none} sh -c exit\u00a03`,
    `run -d --name two -l tier=front -l other -v data:/data --network none labelled sleep 1000`,
    `create --name three ${none} true`,
    `run -d --name four -l tier=back ${none} sleep 1000`,
    'pause four',
  ];
  try {
    for (const line of lines) await pair.same(words(line));
    for (const [what, filters] of listed)
      for (const all of what.startsWith('by a') ? [['-a']] : [[], ['-a']]) {
        const { there, here } = await pair.ask(['ps', ...all, '--format', '{{.Names}} {{.State}}', ...words(filters)]);
        assert.equal(
          [here.code, here.stdout],
          [there.code, there.stdout],
          `${what} ${all}: ${there.stderr}${here.stderr}`,
        );
        assert.is(here.stderr === '', there.stderr === '', `${what}: ${there.stderr}${here.stderr}`);
      }
    for (const flags of ['-l', '-n 2', '-n 3 -f status=exited', '-aq -f name=nosuch', '-n 0', '-n -1'])
      await pair.same(['ps', ...words(flags), '--format', '{{.Names}}']);
    const columns = ['Image', 'Command', 'Ports', 'Mounts', 'Networks', 'LocalVolumes', 'State'];
    for (const column of columns) await pair.same(['ps', '-a', '--no-trunc', '--format', `{{.Names}} {{.${column}}}`]);
  } finally {
    await pair.ask(['rm', '-f', '-v', ...names]);
    await pair.ask(['volume', 'rm', 'data']);
  }
});

// A blank within a word is written as one that does not break.
const words = (line: string) => line.split(' ').map(word => word.replaceAll('\u00a0', ' '));

for (const [what, ...lines] of cases)
  test(what, async () => {
    for (const line of lines) await pair.same(words(line));
  });

test.run();
