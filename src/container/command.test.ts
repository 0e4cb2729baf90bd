import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, environment, workingDirectory } from './command.ts';

const image = { Entrypoint: ['/entry'], Cmd: ['a', 'b'] };

test("the user's words replace CMD, the user's entrypoint replaces both", () => {
  assert.equal(commandLine(image, { command: [] }), ['/entry', 'a', 'b']);
  assert.equal(commandLine(image, { command: ['c'] }), ['/entry', 'c']);
  assert.equal(commandLine(image, { entrypoint: 'sh', command: [] }), ['sh']);
  assert.equal(commandLine(image, { entrypoint: '', command: ['c'] }), ['c']);
  assert.throws(() => commandLine({}, { command: [] }), /No command specified/);
});

test('variables: defaults, image, user; a name alone takes one away; HOME only where nobody set it', () => {
  const base = {
    image: ['PATH=/bin', 'A=1'],
    user: ['A=2', 'B=x=y', 'HOSTNAME'],
    hostname: 'h',
    tty: true,
    home: '/root',
  };
  assert.equal(environment(base), ['PATH=/bin', 'TERM=xterm', 'A=2', 'B=x=y', 'HOME=/root']);
  assert.ok(environment({ ...base, user: ['HOME=/x'] }).includes('HOME=/x'));
  assert.not.ok(environment({ ...base, tty: false }).some(one => one.startsWith('TERM=')));
});

test('the working directory must be absolute', () => {
  assert.is(workingDirectory(undefined, undefined), '/');
  assert.is(workingDirectory('/app', ''), '/app');
  assert.is(workingDirectory('/app', '/x'), '/x');
  assert.is(workingDirectory('/made/../app//x/.', ''), '/app/x');
  assert.is(workingDirectory('/', '/app/'), '/app');
  assert.is(workingDirectory('/', '//'), '/');
  assert.throws(() => workingDirectory('/app', 'x'), /needs to be an absolute path/);
});

test.run();
