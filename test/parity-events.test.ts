import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Dockerd, dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');
let box: BusyboxEngine;
let real: Dockerd;

const past = ['events', '--since', 'BEGIN', '--until', '0s'];
/** When the daemon was lent to us: it remembers what it did for others. */
let began = '';
const since = (args: string[]) => args.map(arg => (arg === 'BEGIN' ? began : arg));

type Result = { code: number | null; out: string; err: string };
const ours = async (args: string[]): Promise<Result> => {
  const { exitCode, stdout, stderr } = await box.minidock(since(args));
  return { code: exitCode ?? null, out: String(stdout), err: String(stderr) };
};
const theirs = (args: string[]): Result => {
  const { status, stdout, stderr } = real.result(since(args));
  return { code: status, out: stdout, err: stderr };
};

/** What differs by nature: ids, times, the words before an error. */
const normal = (text: string) =>
  text
    .replace(/\b[0-9a-f]{64}\b/g, 'ID')
    .replace(/"time(Nano)?":\d+/g, '"time$1":0')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+\.(\d{9})(Z|[+-][\d:]+)/g, 'TIME$2');

test.before(async () => {
  box = await busyboxEngine();
  real = await dockerd();
  began = (Date.now() / 1000).toFixed(3);
  real.docker(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb']);
  const life = ['run', '-d', '--network', 'none', '--name', 'event-life', '--label', 'a=b', 'bb', 'sh', '-c', 'exit 3'];
  const usable = (args: string[]) => args.filter(arg => !['--label', 'a=b'].includes(arg) || labels);
  const labels = (await ours(['run', '--help'])).out.includes('--label');
  await box.ok(usable(life));
  real.docker(usable(life));
  const ended = '{{.State.Status}} {{.State.ExitCode}}';
  await eventually(async () => assert.is(await box.inspect('event-life', ended), 'exited 3'), 20);
  await eventually(() => assert.is(real.docker(['inspect', '--format', ended, 'event-life']), 'exited 3'), 20);
  await box.ok(['rm', 'event-life']);
  real.docker(['rm', 'event-life']);
  // Docker's client reads `--until 0s` in whole seconds: what happened in this one is not before it.
  await eventually(() => real.docker(since([...past, '--filter', 'event=destroy'])) !== '', 20);
});

test.after(() => box.removeAll());
for (const args of [
  [...past, '--filter', 'container=event-life', '--filter', 'type=container'],
  [...past, '--filter', 'type=container', '--filter', 'event=die'],
  [
    ...past,
    '--filter',
    'event=die',
    '--filter',
    'event=start',
    '--format',
    '{{.Action}} {{.Type}} {{.Actor.Attributes.exitCode}}',
  ],
  [...past, '--filter', 'event=die', '--format', '{{json .}}'],
  [...past, '--filter', 'image=bb', '--filter', 'type=container', '--format', '{{.Status}} {{.From}} {{.Scope}}'],
  [...past, '--filter', 'container=nobody'],
  // Without a beginning: all that is known.
  ['events', '--until', '0s', '--filter', 'container=event-life', '--filter', 'type=container'],
  [...past, '--filter', 'scope=swarm'],
  [...past, '--filter', 'label=nothing'],
])
  test(args.join(' '), async () => {
    const [mine, its] = [await ours(args), theirs(args)];
    assert.equal({ code: mine.code, out: normal(mine.out) }, { code: its.code, out: normal(its.out) });
  });

for (const [args, gist] of [
  [['events', '--filter', 'nonsense'], /bad format of filter/],
  [['events', '--format', '{{.Nothing}}', '--until', '0s'], /can't evaluate field Nothing in type \*events\.Message/],
  [['events', '--format', '{{', '--until', '0s'], /Error parsing format: template: :1: unclosed action/],
  [['events', '--since', 'yesterday'], /failed to parse value as time or duration: "yesterday"/],
  [['events', 'operand'], /accepts no arguments/],
  [['events', '--since', '5m', '--until', '1h'], /`since` time \(.*\) cannot be after `until` time \(.*\)/],
] as [string[], RegExp][])
  test(`refused: ${args.join(' ')}`, async () => {
    const [mine, its] = [await ours(args), theirs(args)];
    assert.is(mine.code, its.code, its.err);
    for (const { err } of [mine, its]) assert.match(err, gist);
  });

test.run();
