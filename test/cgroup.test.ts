import { readCgroupLayout } from '../src/host/cgroup-layout.ts';
import { cgroupContract } from './support/cgroup-contract.ts';
import { testRun } from './support/cleanup.ts';
import { unmet } from './support/requires.ts';

/**
 * Each driver on what is mounted here. The unified hierarchy that a hybrid host has beside v1 serves for v2, without limits; a
 * host with v2 alone is in test/vm-cgroup2.test.ts.
 */
const found = readCgroupLayout(`/minidock-test-${testRun}`);
const unified = found.hierarchies.filter(one => one.version === 2);

const root = unmet('root');
const v1 = root ?? (found.kind === 'v2' || found.kind === 'none' ? 'no v1 controller is mounted' : undefined);
const v2 = root ?? (unified.length === 0 ? 'no unified hierarchy is mounted' : undefined);

if (v1 === undefined) cgroupContract('cgroup v1', found);
else console.log(`  skipped: cgroup v1 (${v1})`);
if (v2 === undefined) cgroupContract('cgroup v2', { ...found, kind: 'v2', hierarchies: unified });
else console.log(`  skipped: cgroup v2 (${v2})`);
