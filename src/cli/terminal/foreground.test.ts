import { EventEmitter } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DetachFilter } from '../../api/detach/filter.ts';
import { FakeContainer, KeptOutput } from '../testing/fakes.ts';
import { type Host, requireTerminal, runInForeground } from './foreground.ts';

function setUp(
  given: { tty: boolean; interactive: boolean; forwardsSignals?: boolean },
  container = new FakeContainer(),
) {
  const options = { forwardsSignals: true, ...given };
  const raw: boolean[] = [];
  const stdin = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (mode: boolean) => raw.push(mode),
    pause() {},
    resume() {},
  });
  const signals = new EventEmitter();
  const exits: number[] = [];
  const output = new KeptOutput();
  const size = { rows: 24, columns: 80 };
  const raised: [string, listeners: number][] = [];
  const raise = (name: string) => raised.push([name, signals.listenerCount(name)]);
  const exit = (code: number) => exits.push(code);
  const host = { stdin, signals, size: () => size, exit, raise } as unknown as Host;
  const ended = runInForeground(container, { ...options, detachKeys: [16, 17], detachCode: 1, output, host });
  return { container, raw, stdin, signals, exits, raised, output, ended, size };
}

const settle = () => new Promise(resolve => setImmediate(resolve));

test('a terminal: raw, sized, and as it was at the end', async () => {
  const { container, raw, stdin, signals, output, ended, size } = setUp({ tty: true, interactive: true });
  await settle();
  assert.equal(raw, [true]);
  size.rows = 30;
  signals.emit('SIGWINCH');
  stdin.emit('data', Buffer.from('ls\n'));
  stdin.emit('end');
  container.exit(5);
  assert.is(await ended, 5);
  assert.equal(raw, [true, false]);
  assert.equal(container.calls[2], ['write', 'ls\n']);
  assert.equal(container.calls[3], ['endInput']);
  assert.equal([output.stdout, output.stderr], ['hello\n', 'oops\n']);
  assert.equal([signals.eventNames(), stdin.listenerCount('data')], [[], 0]);
});

test('the detach keys leave the container running', async () => {
  const { container, raw, stdin, output, ended } = setUp({ tty: true, interactive: true });
  await settle();
  stdin.emit('data', Buffer.from('a\x10'));
  stdin.emit('data', Buffer.from('\x11never sent'));
  assert.is(await ended, 1);
  assert.equal(container.calls.slice(1), [['write', 'a'], ['detach']]);
  assert.equal(raw, [true, false]);
  assert.match(output.stderr, /read escape sequence/);
});

test('who presses Ctrl-C twice in vain is told why, once', async () => {
  const { container, output, signals, ended } = setUp({ tty: false, interactive: false });
  await settle();
  signals.emit('SIGINT');
  assert.not.match(output.stderr, /PID 1/);
  signals.emit('SIGINT');
  signals.emit('SIGINT');
  container.exit(0);
  await ended;
  assert.is(output.stderr.match(/PID 1 has no handler for SIGINT/g)?.length, 1);
  assert.is(container.calls.length, 3);
});

test('without a terminal signals are the container’s', async () => {
  const { container, raw, signals, ended, exits } = setUp({ tty: false, interactive: false });
  await settle();
  signals.emit('SIGINT');
  signals.emit('SIGTERM');
  signals.emit('SIGUSR1');
  container.exit(130);
  assert.is(await ended, 130);
  assert.equal(
    [container.calls, raw, exits],
    [
      [
        ['signal', 2],
        ['signal', 15],
        ['signal', 10],
      ],
      [],
      [],
    ],
  );
});

test('with a terminal a signal means us: restore it, leave the container, 128 + n', async () => {
  const { container, raw, signals, exits } = setUp({ tty: true, interactive: true });
  await settle();
  signals.emit('SIGTERM');
  assert.equal([raw, exits, container.calls.at(-1)], [[true, false], [143], ['detach']]);
});

test('a signal that comes before the process is started does to us what it would without a handler', async () => {
  let start = () => {};
  const starting = Object.assign(new FakeContainer(), {
    start: () =>
      new Promise<void>(resolve => {
        start = resolve;
      }),
  });
  const { container, signals, raised, ended } = setUp({ tty: false, interactive: false }, starting);
  await settle();
  await settle();
  for (const _ of [1, 2]) signals.emit('SIGTERM');
  assert.equal(raised, [
    ['SIGTERM', 0],
    ['SIGTERM', 0],
  ]);
  start();
  await settle();
  signals.emit('SIGTERM');
  assert.equal(container.calls.at(-1), ['signal', 15]);
  container.exit(0);
  await ended;
  assert.equal([raised.length, signals.eventNames()], [2, []]);
});

test('with a terminal such a signal leaves that as it was', async () => {
  const starting = Object.assign(new FakeContainer(), { start: () => new Promise<void>(() => {}) });
  const { raw, signals, raised, exits } = setUp({ tty: true, interactive: true }, starting);
  await settle();
  await settle();
  signals.emit('SIGTERM');
  assert.equal([raised, raw, exits], [[['SIGTERM', 0]], [true, false], []]);
});

test('where signals are not handed on they mean us as well', async () => {
  const { container, signals, exits } = setUp({ tty: false, interactive: false, forwardsSignals: false });
  await settle();
  signals.emit('SIGUSR1');
  assert.equal(exits, []);
  signals.emit('SIGINT');
  assert.equal([exits, container.calls.at(-1)], [[130], ['detach']]);
});

test('a container that cannot be started leaves the terminal as it was', async () => {
  const raw: boolean[] = [];
  const stdin = Object.assign(new EventEmitter(), { isTTY: true, setRawMode: (mode: boolean) => raw.push(mode) });
  const host = { stdin, signals: new EventEmitter() } as unknown as Host;
  const failing = Object.assign(new FakeContainer(), { start: () => Promise.reject(new Error('no')) });
  const options = {
    tty: true,
    interactive: true,
    forwardsSignals: true,
    detachKeys: [],
    detachCode: 0,
    output: new KeptOutput(),
    host,
  };
  try {
    await runInForeground(failing, options);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'no');
  }
  assert.equal(raw, [true, false]);
});

test('-it wants a terminal, -t alone does not', () => {
  const refused = /^MinidockError: the input device is not a TTY$/;
  assert.throws(
    () => requireTerminal({ tty: true, interactive: true }, () => false),
    (error: Error) => refused.test(String(error)),
  );
  requireTerminal({ tty: true, interactive: false }, () => false);
  requireTerminal({ tty: true, interactive: true }, () => true);
});

test('keys that only begin like the detach keys are passed on', () => {
  const filter = new DetachFilter([16, 16, 17]);
  const feed = (text: string) => {
    const { pass, detach } = filter.feed(Buffer.from(text));
    return [pass.toString(), detach];
  };
  assert.equal(feed('a\x10b'), ['a\x10b', false]);
  assert.equal(feed('\x10'), ['', false]);
  assert.equal(feed('c'), ['\x10c', false]);
  assert.equal(feed('\x10\x10\x10'), ['\x10', false]);
  assert.equal(feed('\x11'), ['', true]);
});

test.run();
