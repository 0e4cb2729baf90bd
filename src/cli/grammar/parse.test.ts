import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { integer, many, text, toggle } from './flags.ts';
import { parse } from './parse.ts';

const table = {
  detach: toggle('', { short: 'd' }),
  interactive: toggle('', { short: 'i' }),
  tty: toggle('', { short: 't' }),
  rm: toggle(''),
  name: text(''),
  network: text('', { aliases: ['net'] }),
  publish: many('list', value => value, '', { short: 'p' }),
  user: text('', { short: 'u' }),
  timeout: integer('', { short: 'n' }),
  'dry-run': { ...text(''), alone: 'folded' },
};
const run = (...args: string[]) => parse(table, args, true);
const fails = (args: string[], message: string, stop = true) =>
  assert.throws(
    () => parse(table, args, stop),
    (error: Error) => {
      assert.instance(error, MinidockError);
      assert.equal([error.message, exitCodeOf(error)], [message, 125]);
      return true;
    },
  );

test('long flags: a value after = or in the next argument, the last one wins', () => {
  assert.is(run('--name=x').flags.name, 'x');
  assert.is(run('--name', 'x', '--name', '-y').flags.name, '-y');
  assert.is(run('--name=a=b').flags.name, 'a=b');
  assert.is(run('--name=').flags.name, '');
  assert.is(run('--net', 'host').flags.network, 'host');
});

test('combined and attached short flags', () => {
  const { flags } = run('-itd', '-p8080:80', '-p', '81:81', '-p=82:82', '-uroot', '-n5');
  assert.equal([flags.interactive, flags.tty, flags.detach, flags.rm], [true, true, true, false]);
  assert.equal(flags.publish, ['8080:80', '81:81', '82:82']);
  assert.is(flags.user, 'root');
  assert.is(flags.timeout, 5);
  assert.equal(run('-dp', '80', 'x').flags.publish, ['80']);
});

test('booleans take a value only after =', () => {
  assert.is(run('--rm', 'false').flags.rm, true);
  assert.equal(run('--rm', 'false').operands, ['false']);
  assert.is(run('--rm=false').flags.rm, false);
  assert.is(run('-d=0').flags.detach, false);
  assert.is(run('--dry-run', 'json').flags['dry-run'], 'folded');
  assert.is(run('--dry-run=json').flags['dry-run'], 'json');
});

test('the first operand ends the flags of run; elsewhere they may follow', () => {
  const { flags, operands } = run('-d', 'image', 'ls', '-l', '--rm', '--', '-x');
  assert.equal(operands, ['image', 'ls', '-l', '--rm', '--', '-x']);
  assert.is(flags.rm, false);
  const mixed = parse(table, ['name', '-d', '--name', 'x', 'other', '--', '-t'], false);
  assert.equal(mixed.operands, ['name', 'other', '-t']);
  assert.equal([mixed.flags.detach, mixed.flags.name, mixed.flags.tty], [true, 'x', false]);
});

test('-- ends the flags, - alone is an operand', () => {
  assert.equal(run('--', '-d', 'x').operands, ['-d', 'x']);
  assert.equal(parse(table, ['-', '-d'], false).operands, ['-']);
});

test('help: --help anywhere among the flags, -h where it has no other meaning', () => {
  assert.ok(run('--help').help);
  assert.ok(run('-h').help);
  assert.not.ok(run('x', '--help').help);
  assert.not.ok(parse({ hostname: text('', { short: 'h' }) }, ['-h', 'x'], true).help);
});

test("mistakes are worded as Docker's", () => {
  fails(['--foo', 'x'], 'unknown flag: --foo');
  fails(['--foo=1'], 'unknown flag: --foo');
  fails(['-dZ'], "unknown shorthand flag: 'Z' in -Z");
  fails(['--name'], 'flag needs an argument: --name');
  fails(['-dp'], "flag needs an argument: 'p' in -p");
  fails(['--rm=foo'], 'invalid argument "foo" for "--rm" flag: must be true or false');
  fails(['-n', 'x'], 'invalid argument "x" for "-n, --timeout" flag: must be a whole number');
  fails(['--toString'], 'unknown flag: --toString');
  fails(['--constructor=1'], 'unknown flag: --constructor');
});

test.run();
