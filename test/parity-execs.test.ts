import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { type Both, both } from './support/both.ts';
import { eventually } from './support/eventually.ts';
import { minidockPath } from './support/minidock.ts';
import { docker2010, requires } from './support/requires.ts';

// @mounts-nothing it asks for streams, signals and ids

/** Which streams `run` attaches to, which signals it hands on, and execs by their ids, beside Docker 20.10. */
const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker-20.10');
let pair: Both;

test.before(async () => {
  pair = await both();
});
test.after.each(async () => {
  await pair.ask(['rm', '-f', 'cc', 'told']);
});

type Line = string | { words: string; input: string };
const stdin = (words: string, input: string): Line => ({ words, input });
const streams =
  'inspect -f {{with\u00a0.Config}}{{.AttachStdin}},{{.AttachStdout}},{{.AttachStderr}},{{.OpenStdin}},{{.StdinOnce}}{{end}} cc';
const both3 = 'sh -c cat;echo\u00a0err\u00a0>&2;exit\u00a03';

/** Commands in order; each is compared. */
const cases: [what: string, ...lines: Line[]][] = [
  ['-a stdout', `run --name cc --network none -a stdout bb ${both3}`, streams, 'logs cc'],
  ['-a stderr', `run --name cc --network none -a stderr bb ${both3}`, streams],
  ['-a stdin alone: the id', stdin(`run --name cc --network none -a stdin bb ${both3}`, 'in\n'), 'wait cc', streams],
  [
    '-i -a stdin: the id, once the input is over',
    stdin(`run --name cc --network none -i -a stdin bb ${both3}`, 'in\n'),
    'wait cc',
    streams,
    'logs cc',
  ],
  ['-i -a stdout', stdin(`run --name cc --network none -i -a stdout bb ${both3}`, 'in\n'), streams],
  ['-i -a STDIN -a Stdout', stdin(`run --name cc --network none -i -a STDIN -a Stdout bb ${both3}`, 'in\n'), 'logs cc'],
  [
    '-a stdin -a stdout without -i',
    stdin(`run --name cc --network none -a stdin -a stdout bb ${both3}`, 'in\n'),
    streams,
  ],
  ['create -a', 'create --name cc --network none -a stdin bb true', streams],
  ['create -i -a', 'create --name cc --network none -i -a stdout bb true', streams],
  ['-a and -d', 'run -d -a stdout --name cc bb true'],
  ['-a of no stream', 'run -a foo --name cc bb true'],
  ['-a of nothing', 'run -a  --name cc bb true'],
  [
    'ExecIDs',
    'run -d --name cc --network none bb sleep 1000',
    'inspect -f {{json\u00a0.ExecIDs}} cc',
    'exec -d cc sleep 100',
    'inspect -f {{json\u00a0.ExecIDs}} cc',
  ],
];

const wordsOf = (line: string) => line.split(' ').map(word => word.replaceAll('\u00a0', ' '));

for (const [what, ...lines] of cases)
  test(what, async () => {
    for (const line of lines)
      if (typeof line === 'string') await pair.same(wordsOf(line));
      else await pair.same(wordsOf(line.words), { input: line.input });
  });

// A name of its own: events of an earlier container with the same name are told as well.
test('the end of exec -d is told, and that of an exec that its container takes along', async () => {
  const names = ['exec_create', 'exec_start', 'exec_die', 'die'];
  const asked = [
    'events',
    '--since',
    '1m',
    '--until',
    '0s',
    '--filter',
    'container=told',
    ...names.flatMap(name => ['--filter', `event=${name}`]),
  ];
  const format = ['--format', '{{.Action}} {{.Actor.Attributes.exitCode}}'];
  await pair.same(['run', '-d', '--name', 'told', '--network', 'none', 'bb', 'sleep', '1000']);
  await pair.same(['exec', '-d', 'told', 'sh', '-c', 'exit 3']);
  const answers = async () => {
    const { there, here } = await pair.ask([...asked, ...format]);
    return [there, here].map(({ stdout }) =>
      stdout.replaceAll('<no value>', '').replaceAll(/ +$/gm, '').trim().split('\n'),
    );
  };
  await eventually(async () => (await answers()).every(lines => lines.includes('exec_die 3')), 20);
  await pair.same(['exec', '-d', 'told', 'sleep', '100']);
  await pair.same(['kill', 'told']);
  await eventually(async () => (await answers()).every(lines => lines.includes('die 137')), 20);
  const [there, here] = await answers();
  assert.equal(here, there);
});

/** Both clients with the same words, one after the other. */
const clients: [string, (words: string[]) => ChildProcess][] = [
  ['Docker', words => spawn(docker2010()!, words, { env: { ...process.env, ...pair.dockerEnv } })],
  ['minidock', words => spawn(minidockPath, words, { env: { ...process.env, ...pair.box.env } })],
];

const signals = [
  'SIGHUP',
  'SIGUSR1',
  'SIGWINCH',
  'SIGTSTP',
  'SIGTTIN',
  'SIGXCPU',
  'SIGIO',
  'SIGABRT',
  'SIGTERM',
] as const;

for (const [who, start] of clients)
  test(`${who} hands signals on, those of job control too, and none with --sig-proxy=false`, async () => {
    const traps = signals.map(signal => `trap "echo ${signal}" ${signal.slice(3)}`).join('; ');
    const script = `${traps}; echo ready; while :; do sleep 0.05; done`;
    const client = start(['run', '--name', 'cc', '--network', 'none', 'bb', 'sh', '-c', script]);
    let output = '';
    client.stdout!.on('data', chunk => {
      output += chunk;
    });
    const shows = (text: string) => eventually(() => output.includes(text), 20);
    await shows('ready');
    for (const signal of signals) {
      // The client's handlers are there a moment after the container's first word.
      await eventually(() => {
        client.kill(signal);
        return output.includes(signal);
      }, 20);
    }
    const engine = who === 'Docker' ? pair.docker : pair.ours;
    const ended = once(client, 'exit');
    await engine(['rm', '-f', 'cc']);
    assert.equal(await ended, [137, null]);

    const apart = start(['run', '--name', 'cc', '--network', 'none', '--sig-proxy=false', 'bb', 'sh', '-c', script]);
    output = '';
    apart.stdout!.on('data', chunk => {
      output += chunk;
    });
    await shows('ready');
    const left = once(apart, 'exit');
    apart.kill('SIGTERM');
    await left;
    const { stdout } = await engine(['inspect', '-f', '{{.State.Running}}', 'cc']);
    assert.is(stdout, 'true\n');
    assert.not.match(output, /SIGTERM/);
  });

test.run();
