import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { programToJson } from '../src/syscalls/print.ts';
import { lessonIds, lessonsFolder, loadLesson } from '../src/workshop/catalog.ts';
import type { Stage } from '../src/workshop/lesson.ts';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { checkout, findProgram, requires } from '../test/support/requires.ts';

/**
 * A lesson teaches what the engine does: the steps of its program are found, in order, in the program of the command that it
 * names. Flags may be more in the engine's; places (the lesson's directory, what it executes) are its own.
 */
const test = requires('root', 'busybox', 'overlayfs');
const stage: Stage = { scratch: '/scratch', command: { path: '/scratch/sh', argv: ['/scratch/sh'], env: [] } };
const sections = ['host', 'child', 'exec'] as const;

interface JsonStep {
  call?: string;
  op?: string;
  args?: unknown[];
  value?: string;
  group?: string;
}

function stepsOf(program: Record<string, unknown>): JsonStep[] {
  return sections.flatMap(section => (program[section] ?? []) as JsonStep[]);
}

/** An argument that names a place or what is executed: every program has its own. */
const isPlace = (arg: unknown) =>
  typeof arg === 'string' && /\/scratch|^rootfs$|^lowerdir=|^size=|variables\]$|^→/.test(arg);
const isFlags = (arg: unknown): arg is string => typeof arg === 'string' && /^[A-Z][A-Z0-9_|]+$/.test(arg);

/** Addresses and the names made of ids, which every container has its own of. */
const withoutIds = (arg: unknown) =>
  typeof arg === 'string'
    ? arg
        .replace(/\b\d+(\.\d+){3}\b/g, 'ADDRESS')
        .replace(/\b[\da-f]{2}(:[\da-f]{2}){5}\b/g, 'MAC')
        .replace(/\bveth[\da-f]{7}\b/g, 'vethID')
    : arg;

function argMatches(ours: unknown, engines: unknown): boolean {
  if (isPlace(ours) || withoutIds(ours) === withoutIds(engines)) return true;
  if (!isFlags(ours) || !isFlags(engines)) return false;
  return ours.split('|').every(flag => engines.split('|').includes(flag));
}

function stepMatches(ours: JsonStep, engines: JsonStep): boolean {
  if (ours.call !== engines.call || ours.op !== engines.op || ours.value !== engines.value) return false;
  return (ours.args ?? []).every((arg, i) => argMatches(arg, engines.args?.[i]));
}

/**
 * What only prepares a lesson: its own host, and the bridge on it, which the engine makes by a program of its own before
 * that of the first container (`ensureBridge`).
 */
const isPreparation = ({ group }: JsonStep) => group === 'lab' || group === 'bridge';

/** The first step of `ours` that is not found in order; undefined where all are. */
function firstMissing(ours: readonly JsonStep[], engines: readonly JsonStep[]): JsonStep | undefined {
  let at = 0;
  for (const step of ours) {
    while (at < engines.length && !stepMatches(step, engines[at]!)) at++;
    if (at === engines.length) return step;
    at++;
  }
  return undefined;
}

const root = temporaryFolder('lesson-engine');
const minidock = (...args: string[]) => {
  const result = spawnSync(
    path.join(checkout, 'bin/minidock'),
    ['--root', `${root}/root`, '--exec-root', `${root}/run`, ...args],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  assert.is(result.status, 0, result.stderr);
  return result.stdout;
};

test.before(() => {
  const bin = path.join(root, 'image/bin');
  fs.mkdirSync(bin, { recursive: true });
  fs.copyFileSync(findProgram('busybox')!, path.join(bin, 'busybox'));
  fs.symlinkSync('busybox', path.join(bin, 'true'));
  spawnSync('tar', ['-C', path.join(root, 'image'), '-cf', path.join(root, 'image.tar'), '.']);
  minidock('import', path.join(root, 'image.tar'), 'busybox');
});

for (const id of lessonIds())
  test(`${id}: the engine's program holds its steps in order`, async () => {
    const lesson = await loadLesson(id);
    if ('show' in lesson.run) {
      const source = fs.readFileSync(path.join(lessonsFolder, id, 'lesson.ts'), 'utf8');
      const imported = lesson.sources.filter(name => source.includes(`from '../../${name}'`));
      assert.is.not(imported.length, 0, 'a lesson without a program calls what it names as the engine’s');
      return;
    }
    if (lesson.engineCommand === undefined) {
      const withoutEngine = ['00-shell-and-proc', '02-syscalls', '16-packet-capture', '20-user-namespace'];
      assert.ok(withoutEngine.includes(id), 'only lessons on what no container of the engine does have none');
      return;
    }
    const [name, ...args] = lesson.engineCommand;
    assert.is(name, 'minidock');
    const engine = stepsOf(JSON.parse(minidock(...args.map(arg => (arg === '--dry-run' ? '--dry-run=json' : arg)))));
    const ours = stepsOf(programToJson(lesson.run.program(stage))).filter(step => !isPreparation(step));
    assert.is(firstMissing(ours, engine), undefined);
    // The comparison can fail: neither another order nor a step that the engine does not do passes.
    assert.ok(firstMissing([...ours].reverse(), engine));
    assert.ok(firstMissing([{ call: 'sethostname', args: ['another', 7] }], engine));
  });

test.run();
