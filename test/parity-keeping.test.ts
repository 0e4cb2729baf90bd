import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { type BusyboxEngine, busyboxEngine } from './support/busybox.ts';
import { type Dockerd, dockerd } from './support/dockerd.ts';
import { eventually } from './support/eventually.ts';
import { requires } from './support/requires.ts';

const test = requires('root', 'busybox', 'overlayfs', 'dockerd', 'docker');
let box: BusyboxEngine;
let real: Dockerd;

test.before(async () => {
  box = await busyboxEngine();
  real = await dockerd();
  real.docker(['import', '-c', 'CMD ["sh"]', (await busyboxImage()).rootfs, 'bb']);
});

test.after(async () => {
  await box.removeAll();
  real.docker(['rm', '-f', ...real.docker(['ps', '-aq']).split('\n')]);
});

/** Starts the same container in both engines, waits for its state, and compares what `inspect` or `ps` say of it. */
async function compare(
  name: string,
  flags: string[],
  script: string,
  formats: string[],
  settled = 'true',
): Promise<void> {
  const run = ['run', '-d', '--network', 'none', '--name', name, ...flags, 'bb', 'sh', '-c', script];
  await box.ok(run);
  real.docker(run);
  const reached = `{{${settled}}}`;
  await eventually(async () => assert.is(await box.inspect(name, reached), 'true'), 30);
  await eventually(() => assert.is(real.docker(['inspect', '--format', reached, name]), 'true'), 30);
  for (const format of formats)
    assert.is(await box.inspect(name, format), real.docker(['inspect', '--format', format, name]), format);
  const status = ['ps', '-a', '--filter', `name=^${name}$`, '--format', '{{.Names}} {{.State}} {{.Status}}'];
  const timeless = (text: string) => text.replace(/Less than a second|About a minute|\d+ (second|minute)s?/g, 'TIME');
  assert.is(timeless(await box.ok(status)), timeless(real.docker(status)));
}

const state = '{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.ExitCode}} {{.RestartCount}}';
const policy = '{{json .HostConfig.RestartPolicy}}';
const check = '{{json .Config.Healthcheck}}';
const health = '{{.State.Health.Status}} {{.State.Health.FailingStreak}}';
const often = ['--health-interval', '200ms'];
const is = (status: string) => `eq .State.Health.Status "${status}"`;

for (const [what, flags, script, formats, settled] of [
  ['no policy', [], 'exit 3', [state, policy], 'eq .State.Status "exited"'],
  ['no', ['--restart', 'no'], 'exit 3', [state, policy], 'eq .State.Status "exited"'],
  [
    'on-failure:2 fails',
    ['--restart', 'on-failure:2'],
    'exit 3',
    [state, policy],
    'and (eq .RestartCount 2) (eq .State.Status "exited")',
  ],
  ['on-failure ends well', ['--restart', 'on-failure'], 'exit 0', [state, policy], 'eq .State.Status "exited"'],
  ['always runs', ['--restart', 'always'], 'sleep 1000', [state, policy], '.State.Running'],
  ['unless-stopped runs', ['--restart', 'unless-stopped'], 'sleep 1000', [state, policy], '.State.Running'],
  ['a check at its start', ['--health-cmd', 'true'], 'sleep 1000', [check, '{{json .State.Health}}'], '.State.Running'],
  [
    'every flag of a check',
    [
      '--health-cmd',
      'exit 0',
      ...often,
      '--health-timeout',
      '2s',
      '--health-retries',
      '7',
      '--health-start-period',
      '1m',
    ],
    'sleep 1000',
    [check, health],
    is('healthy'),
  ],
  ['--no-healthcheck', ['--no-healthcheck'], 'sleep 1000', [check, '{{json .State.Health}}'], '.State.Running'],
  ['an interval alone', ['--health-interval', '5s'], 'sleep 1000', [check, '{{json .State.Health}}'], '.State.Running'],
  [
    'a check that fails',
    ['--health-cmd', 'echo no; echo bad >&2; exit 2', '--health-retries', '1', ...often],
    'sleep 1000',
    ['{{.State.Health.Status}}', '{{range .State.Health.Log}}{{if eq .ExitCode 2}}failed,{{end}}{{end}}'],
    `and (${is('unhealthy')}) (ge (len .State.Health.Log) 5)`,
  ],
  [
    'a check that hangs',
    ['--health-cmd', 'sleep 1000', '--health-retries', '1', '--health-timeout', '300ms', ...often],
    'sleep 1000',
    ['{{.State.Health.Status}} {{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}'],
    is('unhealthy'),
  ],
] as [string, string[], string, string[], string][])
  test(what, () => compare(what.replace(/\W+/g, '_').replace(/^_/, ''), flags, script, formats, settled));

for (const [flags, gist] of [
  [['--restart', 'sometimes'], /invalid restart policy '?sometimes/],
  [['--restart', 'always:3'], /maximum retry count cannot be used with restart policy 'always'/],
  [['--restart', 'on-failure:x'], /maximum retry count must be an integer/],
  [['--restart', 'always', '--rm'], /conflicting options: .*--restart and --rm/i],
  [['--no-healthcheck', '--health-cmd', 'true'], /--no-healthcheck conflicts with --health-\* options/],
  [['--health-interval', '5'], /missing unit in duration "?5"?/],
  [['--health-interval', 'soon'], /invalid duration "?soon"?/],
  [['--health-interval=-1s'], /--health-interval cannot be negative/],
  [['--health-timeout=-1s'], /--health-timeout cannot be negative/],
  [['--health-start-period=-1s'], /--health-start-period cannot be negative/],
  [['--health-retries=-1'], /--health-retries cannot be negative/],
  [['--health-timeout', '1us'], /Timeout in Healthcheck cannot be less than (1ms|one millisecond)/],
] as [string[], RegExp][])
  test(`refused: ${flags.join(' ')}`, async () => {
    const run = ['run', '-d', '--network', 'none', ...flags, 'bb', 'true'];
    const [mine, its] = [await box.minidock(run), real.result(run)];
    assert.match(String(mine.stderr), gist);
    assert.match(its.stderr, gist);
    assert.is(mine.exitCode, its.status);
  });

test.run();
