import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, configuredEnvironment, environment, workingDirectory } from './command.ts';

const image = { Entrypoint: ['/entry'], Cmd: ['a', 'b'] };

test("the user's words replace CMD, the user's entrypoint replaces both", () => {
  assert.equal(commandLine(image, { command: [] }), ['/entry', 'a', 'b']);
  assert.equal(commandLine(image, { command: ['c'] }), ['/entry', 'c']);
  assert.equal(commandLine(image, { entrypoint: 'sh', command: [] }), ['sh']);
  assert.equal(commandLine(image, { entrypoint: '', command: ['c'] }), ['c']);
  assert.throws(() => commandLine({}, { command: [] }), /No command specified/);
});

test('configured variables: the user’s first, the image’s that are left', () => {
  const configured = configuredEnvironment(['PATH=/bin', 'A=1', 'C=3', 'D=4'], ['A=2', 'B=x=y', 'C', 'A=5']);
  assert.equal(configured, ['A=5', 'B=x=y', 'C', 'PATH=/bin', 'D=4']);
});

test('variables: defaults and what is configured; a name alone takes one away; HOME only where nobody set it', () => {
  const configured = ['A=2', 'B=x=y', 'HOSTNAME', 'PATH=/bin'];
  const base = { configured, hostname: 'h', tty: true, home: '/root' };
  assert.equal(environment(base), ['PATH=/bin', 'TERM=xterm', 'A=2', 'B=x=y', 'HOME=/root']);
  assert.ok(environment({ ...base, configured: ['HOME=/x'] }).includes('HOME=/x'));
  assert.not.ok(environment({ ...base, tty: false }).some(one => one.startsWith('TERM=')));
  assert.ok(environment({ ...base, configured: [] }).includes('HOSTNAME=h'));
});

test('the working directory must be absolute', () => {
  assert.is(workingDirectory(undefined, ''), undefined);
  assert.is(workingDirectory('/app', ''), '/app');
  assert.is(workingDirectory('/app', '/x'), '/x');
  assert.is(workingDirectory('/made/../app//x/.', ''), '/app/x');
  assert.is(workingDirectory('/', '/app/'), '/app');
  assert.is(workingDirectory('/', '//'), '/');
  assert.throws(() => workingDirectory('/app', 'x'), /needs to be an absolute path/);
});

test.run();
