import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { minidockPath } from './support/minidock.ts';
import { checkout, requires } from './support/requires.ts';

/** The units of contrib/, judged by systemd. That they bring containers back after a boot is what test/systemd.ts shows. */
const test = requires('systemd-analyze');
const folder = join(checkout, 'contrib');
const units = readdirSync(folder).filter(name => /\.(service|socket)$/.test(name));

test('systemd finds no fault in any unit', () => {
  assert.is(units.length, 3);
  const files = units.map(name => join(folder, name));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  // Of the machine's own units it may say something as well.
  const said = (stdout + stderr).split('\n').filter(line => line.includes('minidock'));
  assert.equal({ status, said }, { status: 0, said: [] });
});

test('every command of a unit is one that minidock has', () => {
  const commands = units
    .flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n'))
    .flatMap(line => /^Exec\w+=-?\/usr\/bin\/env minidock (.*)$/.exec(line)?.[1] ?? []);
  assert.ok(commands.length >= 2);
  for (const command of commands) {
    const { status, stderr } = spawnSync(minidockPath, [...command.split(' '), '--help'], { encoding: 'utf8' });
    assert.is(status, 0, `${command}: ${stderr}`);
  }
});

test.run();
