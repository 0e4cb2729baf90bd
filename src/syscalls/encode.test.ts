import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call, expect, store, sync } from './calls.ts';
import { bytes, room, str, strings, struct, text } from './data.ts';
import { encode, HEADER_SIZE, MAX_PROGRAM, MAX_SLOTS } from './encode.ts';
import { program, slot, word } from './step.ts';

const why = { why: { en: 'a test', zh: '测试' } };
const options = { arch: 'x64' as const };

/** The fields of one step as native/protocol.h lays them out. */
function stepAt(bytes: Buffer, index: number) {
  const at = HEADER_SIZE + index * 80;
  return {
    op: bytes[at],
    flags: bytes[at + 1],
    save: bytes.readUInt16LE(at + 2),
    number: bytes.readUInt32LE(at + 4),
    kinds: [...bytes.subarray(at + 8, at + 14)],
    tolerated: bytes[at + 14],
    width: bytes[at + 15],
    errnos: [0, 1].map(i => bytes.readUInt16LE(at + 16 + 2 * i)),
    args: [0, 1, 2, 3, 4, 5].map(i => bytes.readBigInt64LE(at + 32 + 8 * i)),
  };
}

test('a syscall has its number, its arguments by kind, its tolerated errors', () => {
  const fd = slot('fd');
  const name = str('abc');
  const pair = room(8, 'pair');
  const bytes = encode(
    program({
      host: [
        call('openat', [-100, name, 0x80000, 0], { ...why, save: fd, tolerate: ['ENOENT', 'EACCES'] }),
        call('close', [fd], why),
        call('close', [word('second', pair, 4)], why),
      ],
    }),
    options,
  );
  assert.is(bytes.readUInt32LE(4), bytes.length);
  assert.equal(stepAt(bytes, 0), {
    ...{ op: 0, flags: 0, save: 0, number: 257, kinds: [0, 1, 0, 0, 0, 0], tolerated: 2, width: 0, errnos: [2, 13] },
    args: [-100n, 0n, 0x80000n, 0n, 0n, 0n],
  });
  assert.equal(stepAt(bytes, 1).kinds[0], 2);
  assert.equal([stepAt(bytes, 2).kinds[0], stepAt(bytes, 2).args[0]], [3, 12n]);
});

test('numbers differ by architecture, and a call that one lacks is refused', () => {
  const one = program({ host: [call('mount', [], why)] });
  assert.is(stepAt(encode(one, options), 0).number, 165);
  assert.is(stepAt(encode(one, { arch: 'arm64' }), 0).number, 40);
  assert.throws(
    () => encode(program({ host: [call('mkdir', [], why)] }), { arch: 'arm64' }),
    /arm64 has no syscall mkdir/,
  );
});

test('data that two steps share is there once, and pointers inside it are listed', () => {
  const argv = strings(['sh', '-c']);
  const bytes = encode(
    program({ host: [call('execve', [0, argv, argv], why), call('execve', [0, argv, 0], why)] }),
    options,
  );
  assert.is(bytes.readUInt32LE(16), 24 + 8 + 8);
  assert.is(bytes.readUInt32LE(20), 2);
  const pointers = bytes.subarray(HEADER_SIZE + 2 * 80, HEADER_SIZE + 2 * 80 + 16);
  assert.equal(
    [0, 4, 8, 12].map(at => pointers.readUInt32LE(at)),
    [0, 24, 8, 32],
  );
});

test('texts lie where the steps look for them, among other data and beyond ASCII', () => {
  const data = [str('/ä/雪/雪'), str('plain'), room(3, ''), text(''), bytes(Uint8Array.of(7), '7'), text('\u{1f40b}')];
  const whole = encode(program({ host: [call('openat', data, why)] }), options);
  const at = whole.length - whole.readUInt32LE(16);
  const found = stepAt(whole, 0).args.map((offset, i) =>
    whole.subarray(at + Number(offset), at + Number(offset) + data[i]!.bytes.length).toString(),
  );
  assert.equal(found, ['/ä/雪/雪\0', 'plain\0', '\0\0\0', '', '\x07', '\u{1f40b}']);
});

test('halves of a character in two texts stay two', () => {
  const data = [text('eight\ud83d'), text('\udc0b'), str('/behind')];
  const whole = encode(program({ host: [call('openat', data, why)] }), options);
  assert.is(whole.subarray(-24).toString(), 'eight\ufffd\ufffd\0\0\0\0\0/behind\0');
});

test('a number of any size is a 64-bit field', () => {
  const numbers = [-1, 2 ** 40 + 5, -(2 ** 40), 2n ** 64n - 1n, -5n, 0xffffffff];
  const whole = encode(program({ host: [call('prctl', numbers, why)] }), options);
  assert.equal(stepAt(whole, 0).args, [-1n, 2n ** 40n + 5n, -(2n ** 40n), -1n, -5n, 0xffffffffn]);
});

test('store and expect name offsets in data; sync carries nothing', () => {
  const data = struct('two words', { u32: 1 }, { u32: 2 });
  const pid = slot('pid');
  const bytes = encode(
    program({
      child: [
        call('getpid', [], { ...why, save: pid }),
        store(pid, data, 4, 'u32', why),
        expect(data, 4, Uint8Array.of(9, 8), why, Uint8Array.of(0xff, 0x0f)),
        sync(why),
      ],
    }),
    options,
  );
  assert.equal([stepAt(bytes, 1).op, stepAt(bytes, 1).width, stepAt(bytes, 1).args[1]], [1, 1, 4n]);
  assert.equal(stepAt(bytes, 2).args.slice(0, 3), [4n, 0x0fffn, 0x0809n]);
  assert.is(stepAt(bytes, 3).op, 3);
});

test('the longest program, and the most results that it saves, are the same on both sides', () => {
  const header = readFileSync(new URL('../../native/protocol.h', import.meta.url), 'utf8');
  const [, factor, shift] = /MAX_PROGRAM = (\d+) << (\d+)/.exec(header) ?? [];
  assert.is(Number(factor) << Number(shift), MAX_PROGRAM);
  assert.is(Number(/MAX_SLOTS = (\d+)/.exec(header)?.[1]), MAX_SLOTS);
});

test('what exceeds the limits of the language is refused', () => {
  assert.throws(() => encode(program({ host: [call('read', [1, 2, 3, 4, 5, 6, 7], why)] }), options), /7 arguments/);
  const huge = room(MAX_PROGRAM, 'huge');
  assert.throws(() => encode(program({ host: [call('read', [0, huge], why)] }), options), /exceeds/);
  const saving = (count: number) =>
    program({ host: Array.from({ length: count }, (_, i) => call('getpid', [], { ...why, save: slot(`pid${i}`) })) });
  assert.is(encode(saving(MAX_SLOTS - 1), options).readUInt32LE(12), MAX_SLOTS - 1);
  assert.throws(() => encode(saving(MAX_SLOTS), options), /saves more than 4095 results/);
  assert.throws(() => str('a\0b'), /NUL/);
});

test.run();
