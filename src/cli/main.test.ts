import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../version.ts';
import { CommandLineError } from './exit-codes.ts';
import { dockerVerbs } from './grammar/docker-verbs.ts';
import { groups } from './groups.ts';
import { fakeEngine, fakeRecord, runLine } from './testing/fakes.ts';
import { verbs } from './verbs.ts';

const { engine } = fakeEngine(fakeRecord());

test('the version is that of package.json', async () => {
  const { version: expected } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.is(version, expected);
  assert.equal(await runLine(['--version'], engine), { code: 0, stdout: `minidock version ${expected}\n`, stderr: '' });
  assert.is((await runLine(['version', '-f', '{{.Client.Version}}'], engine)).stdout, `${expected}\n`);
});

test("mistakes: Docker's words and exit codes", async () => {
  const cases: [string, number, string][] = [
    ['foo', 1, `minidock: 'foo' is not a minidock command.\nSee 'minidock --help'\n`],
    ['rnu', 1, `minidock: 'rnu' is not a minidock command. Did you mean 'run'?\nSee 'minidock --help'\n`],
    ['image foo', 1, `minidock: 'image foo' is not a minidock command.\nSee 'minidock image --help'\n`],
    [
      'swarm init',
      1,
      `minidock: 'swarm' is not a minidock command.\nDocker has it; here, minidock is an engine of one machine.\nSee 'minidock --help'\n`,
    ],
    [
      'container lst',
      1,
      `minidock: 'container lst' is not a minidock command. Did you mean 'container ls'?\nSee 'minidock container --help'\n`,
    ],
    ['network zzzz', 1, `minidock: 'network zzzz' is not a minidock command.\nSee 'minidock network --help'\n`],
    ['Run x', 1, `minidock: 'Run' is not a minidock command. Did you mean 'run'?\nSee 'minidock --help'\n`],
    ['run --nmae web x', 125, `unknown flag: --nmae. Did you mean --name?\nSee 'minidock run --help'.\n`],
    ['run --volum=/a:/b x', 125, `unknown flag: --volum. Did you mean --volume?\nSee 'minidock run --help'.\n`],
    ['run --nett none x', 125, `unknown flag: --nett. Did you mean --net?\nSee 'minidock run --help'.\n`],
    [
      'run -name web x',
      125,
      `unknown shorthand flag: 'n' in -name. Did you mean --name?\nSee 'minidock run --help'.\n`,
    ],
    ['run --it x', 125, `unknown flag: --it. Did you mean -it?\nSee 'minidock run --help'.\n`],
    [
      'logs -tail=5 x',
      125,
      `unknown shorthand flag: 'a' in -ail=5. Did you mean --tail?\nSee 'minidock logs --help'.\n`,
    ],
    ['run -dZ x', 125, `unknown shorthand flag: 'Z' in -Z\nSee 'minidock run --help'.\n`],
    [
      'run --gpus all x',
      125,
      `unknown flag: --gpus\n--gpus is a flag of Docker that minidock does not have.\nSee 'minidock run --help'.\n`,
    ],
    [
      'run --isolation=host x',
      125,
      `unknown flag: --isolation\n--isolation is a flag of Docker that minidock does not have.\nSee 'minidock run --help'.\n`,
    ],
    [
      'build --squash .',
      125,
      `unknown flag: --squash\n--squash is a flag of Docker that minidock does not have: what one RUN does, or one COPY --from of another stage, is one layer.\nSee 'minidock build --help'.\n`,
    ],
    [
      'build --push .',
      125,
      `unknown flag: --push\n--push is a flag of later versions of Docker, which minidock does not have: minidock push does it.\nSee 'minidock build --help'.\n`,
    ],
    [
      'build --isolation hyperv .',
      125,
      `invalid argument "hyperv" for "--isolation" flag: there is the isolation default, and no other\nSee 'minidock build --help'.\n`,
    ],
    [
      'build --disable-content-trust=false .',
      125,
      `invalid argument "false" for "--disable-content-trust" flag: signatures of images are not looked at\nSee 'minidock build --help'.\n`,
    ],
    [
      'volume prune -a',
      125,
      `unknown shorthand flag: 'a' in -a\n-a is a flag of later versions of Docker, which minidock does not have.\nSee 'minidock volume prune --help'.\n`,
    ],
    [
      '-l debug ps',
      125,
      `unknown shorthand flag: 'l' in -l\n-l is a flag of Docker that minidock does not have.\nSee 'minidock --help'.\n`,
    ],
    ['ps --gpus', 125, `unknown flag: --gpus\nSee 'minidock ps --help'.\n`],
    ['ps --toString', 125, `unknown flag: --toString\nSee 'minidock ps --help'.\n`],
    ['--foo ps', 125, `unknown flag: --foo\nSee 'minidock --help'.\n`],
    ['run --foo x', 125, `unknown flag: --foo\nSee 'minidock run --help'.\n`],
    ['container ls --foo', 125, `unknown flag: --foo\nSee 'minidock container ls --help'.\n`],
    [
      'ps x',
      1,
      `"minidock ps" accepts no arguments.\nSee 'minidock ps --help'.\n\nUsage:  minidock ps [OPTIONS]\n\nList containers\n`,
    ],
    [
      'exec web',
      1,
      `"minidock exec" requires at least 2 arguments.\nSee 'minidock exec --help'.\n\nUsage:  minidock exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nRun one more command in a running container\n`,
    ],
    [
      'logs',
      1,
      `"minidock logs" requires exactly 1 argument.\nSee 'minidock logs --help'.\n\nUsage:  minidock logs [OPTIONS] CONTAINER\n\nShow what a container wrote\n`,
    ],
    [
      'images a b',
      1,
      `"minidock images" requires at most 1 argument.\nSee 'minidock images --help'.\n\nUsage:  minidock images [OPTIONS] [REPOSITORY[:TAG]]\n\nList images\n`,
    ],
    ['constructor', 1, `minidock: 'constructor' is not a minidock command.\nSee 'minidock --help'\n`],
  ];
  for (const [line, code, stderr] of cases) {
    assert.equal(await runLine(line.split(' '), engine), { code, stdout: '', stderr }, line);
  }
});

test("hints about Docker's verbs name none that is there, and send nobody to a verb that is not", () => {
  for (const [name, hint] of Object.entries(dockerVerbs)) {
    assert.not(name in verbs || name in groups, `${name} is a verb by now: its hint is never read`);
    for (const [, verb] of hint.matchAll(/'minidock (\S+?)[' ]/g)) assert.ok(verb! in verbs, `${name}: ${verb}`);
  }
});

test('errors are one line and a fix; a stack only for --debug', async () => {
  const listing = (error: Error) => ({
    ...engine,
    containers: { ...engine.containers, list: async () => Promise.reject(error) },
  });
  const broken = listing(new TypeError('x is not a function'));
  const plain = await runLine(['ps'], broken);
  assert.is(plain.code, 1);
  assert.match(plain.stderr, /^minidock: x is not a function\n {2}fix: .*--debug.*\n$/);
  const cause = new Error('beneath');
  const failing = listing(new CommandLineError('conflict', 'no', { exitCode: 3, fix: 'do', cause }));
  assert.equal(await runLine(['ps'], failing), { code: 3, stdout: '', stderr: 'minidock: no\n  fix: do\n' });
  assert.match((await runLine(['-D', 'ps'], failing)).stderr, /no\n.*do\n.*\n +at [\s\S]*beneath\n +at /);
});

test('help: of the program, a group, a verb, however it is asked for', async () => {
  for (const line of ['--help', 'help', '']) {
    const { code, stdout } = await runLine(line.split(' ').filter(Boolean), engine);
    assert.is(code, 0);
    assert.match(stdout, /^Usage:.*minidock \[OPTIONS\] COMMAND[\s\S]*\brun\b[\s\S]*\bdoctor\b/);
  }
  for (const line of ['run --help', 'help run', '--help run']) {
    assert.match(
      (await runLine(line.split(' '), engine)).stdout,
      /minidock run \[OPTIONS\] IMAGE[\s\S]*-p, --publish/,
      line,
    );
  }
  const group = (await runLine(['image'], engine)).stdout;
  assert.match(group, /Manage images[\s\S]*image ls [\s\S]*image pull /);
  assert.not.match(group, /image (list|remove) /, 'each verb once, without its other names');
});

test.run();
