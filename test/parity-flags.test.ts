import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { dockerFlags, dockerFlagsOf } from '../src/cli/grammar/docker-flags.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { docker2010, requires } from './support/requires.ts';

const test = requires('docker-20.10');

/** Docker's client without an engine: what its command line knows by itself. */
function docker(...args: string[]): string {
  const env = { PATH: process.env.PATH, DOCKER_CONFIG: temporaryFolder('docker'), DOCKER_HOST: 'unix:///nonexistent' };
  const { stdout, stderr } = spawnSync(docker2010()!, args, { encoding: 'utf8', env });
  return stdout + stderr;
}

for (const verb of Object.keys(dockerFlags))
  test(`the flags of docker ${verb}`, () => {
    const words = verb.split(' ').filter(Boolean);
    const listed = dockerFlagsOf(verb);
    const help = docker(...words, '--help').matchAll(/^ +(?:-(\w), )?--([\w-]+)/gm);
    const inHelp = [...help]
      .flatMap(([, letter, name]) => [letter, name])
      .filter(flag => flag !== undefined && flag !== 'help');
    assert.ok(inHelp.length > 0);
    assert.equal(
      inHelp.filter(flag => !listed.includes(flag!)),
      [],
      'in the help and not in the list',
    );
    const hidden = listed.filter(flag => !inHelp.includes(flag));
    for (const flag of hidden)
      assert.not.match(docker(...words, flag.length > 1 ? `--${flag}` : `-${flag}`), /unknown (shorthand )?flag/, flag);
  });

test.run();
