import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fakeRecord } from '../cli/testing/fakes.ts';
import type { WiredEndpoint } from '../network/attachment.ts';
import { parseRecord, UnreadableRecord } from './record-format.ts';

const hex = 'a'.repeat(64);
const { id } = fakeRecord();
const read = (record: object) => parseRecord(JSON.stringify(record), id);

test('a record of today is read as it stands', () => {
  assert.equal(read(fakeRecord()), JSON.parse(JSON.stringify(fakeRecord())));
});

test('a record without a format is brought into the form of today', () => {
  const { format: _, ...record } = fakeRecord();
  const { attach: __, ...options } = record.options;
  const mounts = [
    { type: 'volume', name: hex, source: '/v', destination: '/anonymous', readonly: false },
    { type: 'volume', name: 'named', source: '/v', destination: '/named', readonly: false },
    { type: 'bind', source: '/b', destination: '/bind', readonly: false },
  ];
  const old = { ...record, mounts, layers: [`/var/lib/minidock/layers/${hex}/diff`] };
  const detached = read({ ...old, options: { ...options, detach: true } });
  assert.is(detached.format, 2);
  assert.equal(detached.layers, [`sha256:${hex}`]);
  assert.equal(
    detached.mounts.map(({ anonymous }) => anonymous),
    [true, false, undefined],
  );
  assert.equal(detached.options.attach, { stdin: false, stdout: false, stderr: false });
  assert.not('detach' in detached.options);
  const interactive = read({ ...old, options: { ...options, interactive: true } });
  assert.equal(interactive.options.attach, { stdin: true, stdout: true, stderr: true });
});

test('a record of one network has that as its first endpoint', () => {
  const { network, ...record } = fakeRecord();
  const [{ network: name, address, ...wire }] = network.endpoints as [WiredEndpoint];
  const { endpointId: _, bridge: __, interface: ___, ...cable } = wire;
  const of = (old: object) => read({ ...record, format: 1, network: { ports: network.ports, ...old } }).network;
  assert.equal(of({ mode: 'bridge', ipAddress: address, ...cable }), {
    ...network,
    endpoints: [{ network: name, address, ...cable, endpointId: '', bridge: '', interface: 'eth0' }],
  });
  assert.equal(of({ mode: 'bridge', ports: [] }), { mode: 'bridge', endpoints: [{ network: 'bridge' }], ports: [] });
  assert.equal(of({ mode: 'none', ports: [] }), { mode: 'none', endpoints: [], ports: [] });
});

test('what is no record, or of a later minidock, is refused with the reason', () => {
  for (const [text, reason] of [
    ['', 'is empty'],
    ['{', 'is no JSON'],
    ['null', 'is not the record of this container'],
    [JSON.stringify({ ...fakeRecord(), id: 'another' }), 'is not the record of this container'],
    [JSON.stringify({ ...fakeRecord(), state: null }), 'has no "state"'],
    [JSON.stringify({ ...fakeRecord(), format: 3 }), 'has format 3, and this minidock knows none above 2'],
  ] as const)
    assert.throws(
      () => parseRecord(text, id),
      (error: Error) => error instanceof UnreadableRecord && error.message === reason,
      reason,
    );
});

test.run();
