import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLogTime } from './log-time.ts';

test('times to the nanosecond, in any zone', () => {
  for (const [given, expected] of [
    ['2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123456789Z'],
    ['2026-01-02T03:04:05.5+02:00', '2026-01-02T01:04:05.5Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['1700000000.123456789', '2023-11-14T22:13:20.123456789Z'],
    ['1700000000.1234567899', '2023-11-14T22:13:20.123456789Z'],
    ['1700000000', '2023-11-14T22:13:20.000Z'],
    ['0', undefined],
    ['', undefined],
  ])
    assert.is(readLogTime('since', given), expected, given);
  assert.match(readLogTime('since', '1h')!, /^\d{4}-\d\d-\d\dT/);
});

test('what is no time is refused with the flag that it was given for', () => {
  for (const wrong of ['garbage', '1.2.3', '5x', '1e3', '1.5.5h', '2026-01-02T03:04:05.'])
    assert.throws(() => readLogTime('until', wrong), /^invalid value for "until": failed to parse value/, wrong);
  assert.throws(() => readLogTime('since', '99999999999999'), /is no time of this calendar/);
});

test.run();
