import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerRecord } from '../../../container/record.ts';
import { encodeJson } from '../../go/json.ts';
import { summaries } from './summary.ts';

const ids = { bridge: 'b'.repeat(64), host: 'c'.repeat(64), none: 'd'.repeat(64) };
const record = (startedAt: string) =>
  ({
    id: 'a'.repeat(64),
    name: 'one',
    created: '2026-01-01T00:00:00Z',
    image: 'bb',
    path: 'sh',
    args: [],
    options: { network: 'none', volumes: [] },
    config: {},
    mounts: [],
    network: { mode: 'none', endpoints: [], ports: [] },
    state: { status: 'running', pid: 1, exitCode: 0, error: '', oomKilled: false, startedAt },
  }) as unknown as ContainerRecord;

const listed = (one: ContainerRecord, sizes = {}) =>
  JSON.parse(encodeJson(summaries({ containers: [one], broken: [], sizes, networks: ids })))[0];

test('a record that is listed again is the same but for its age and what is asked besides', () => {
  const { now } = Date;
  try {
    const started = Date.parse('2026-01-01T00:00:00Z');
    const one = record('2026-01-01T00:00:00Z');
    const at = (ms: number, sizes = {}) => {
      Date.now = () => started + ms;
      return listed(one, sizes);
    };
    const first = at(5000);
    assert.is(first.Status, 'Up 5 seconds');
    assert.equal(at(5999), first);
    assert.equal(at(7000), { ...first, Status: 'Up 7 seconds' });
    assert.equal(at(7000, { [one.id]: { written: 5, image: 7 } }), { ...at(7000), SizeRw: 5, SizeRootFs: 12 });
    assert.equal(at(7000), { ...first, Status: 'Up 7 seconds' });
    assert.is(listed({ ...one, name: 'two' }).Names[0], '/two');
  } finally {
    Date.now = now;
  }
});

test.run();
