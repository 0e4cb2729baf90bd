// @long a hundred and fifty faults, each in a run of its own
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { busyboxImage } from '../scripts/images/busybox.ts';
import { Attempts, stackTrace } from './support/attempts.ts';
import { temporaryFolder } from './support/cleanup.ts';
import { eventually } from './support/eventually.ts';
import { type Case, chosen, seed, strikeAll } from './support/faults/chosen.ts';
import { heldBy, litter, portRules } from './support/faults/held.ts';
import { inject, type Outcome } from './support/faults/inject.ts';
import { pointsOf } from './support/faults/points.ts';
import { minidockPath, type Sandbox, sandbox } from './support/minidock.ts';
import { freePort } from './support/registry.ts';
import { requires } from './support/requires.ts';
import {
  backOnBridge,
  copied,
  downAndUp,
  imagesMade,
  madeFiles,
  makeFiles,
  networksMade,
  nothingHeldOfApart,
  onBridgeAgain,
  type Place,
  pulled,
  serveImage,
  upOrGone,
  volumesMade,
} from './support/survivors.ts';

/**
 * SIGKILL, and errors that the kernel may well answer with, at every state-changing call of run, stop and rm: of the
 * command, the shim, its child and the keeper. After each the next commands find a state that they can go on from, and
 * nothing is left.
 *
 * The full set takes hours: `npm run test:crash`. MINIDOCK_SCENARIO='^run$' is one of the commands; which of its faults strike,
 * `support/faults/chosen.ts` tells.
 */
const test = requires('root', 'overlayfs', 'strace', 'gcc', 'busybox', 'iptables');

type Before =
  | ('nothing' | 'network' | 'neighbour' | 'volume' | 'image')
  | ('running' | 'paused' | 'fleeting' | 'ended' | 'changed' | 'kept' | 'named' | 'remains');

interface Scenario {
  /** What is there before: `prepare` makes it. */
  before: Before;
  command: string[];
  /** How many of its faults are tried where not all are. */
  sample: number;
  /** What users may do next with what is there, before all of it is removed. */
  next?: (attempts: Attempts, place: Place) => Promise<void>;
  /** What is looked at when no container is left. */
  last?: (attempts: Attempts, place: Place) => Promise<void>;
}

const scenarios: Record<string, Scenario> = {
  run: {
    before: 'nothing',
    command: ['run', '--name', 'one', '-p', 'PORT:80', '-v', 'named:/data', 'busybox', 'true'],
    sample: 28,
  },
  'run -d, and the keeper': {
    before: 'nothing',
    command: ['run', '-d', '--rm', '--name', 'one', '-p', 'PORT:80', 'busybox', 'sleep', '0.2'],
    sample: 18,
  },
  'restart policy and health check, which the keeper keeps': {
    before: 'nothing',
    command: [
      ...['run', '-d', '--restart', 'on-failure:1', '--health-cmd', 'true', '--health-interval', '100ms'],
      ...['--name', 'one', '-p', 'PORT:80', 'busybox', 'sh', '-c', 'sleep 0.3; exit 1'],
    ],
    sample: 12,
  },
  create: {
    before: 'nothing',
    command: ['create', '--name', 'one', '-p', 'PORT:80', '-v', 'named:/data', 'busybox', 'true'],
    sample: 3,
  },
  'run on a network': {
    before: 'neighbour',
    command: ['run', '--network', 'apart', '--name', 'one', '-p', 'PORT:80', 'busybox', 'true'],
    sample: 3,
    next: nothingHeldOfApart,
  },
  stop: { before: 'running', command: ['stop', '-t', '0', 'one'], sample: 8 },
  'system stop': { before: 'kept', command: ['system', 'stop'], sample: 3, next: downAndUp },
  'rm -f': { before: 'running', command: ['rm', '-f', 'one'], sample: 8 },
  rm: { before: 'ended', command: ['rm', 'one'], sample: 6 },
  start: { before: 'ended', command: ['start', 'one'], sample: 8 },
  restart: { before: 'running', command: ['restart', '-t', '0', 'one'], sample: 10 },
  'restart with --rm': { before: 'fleeting', command: ['restart', '-t', '0', 'one'], sample: 2, next: upOrGone },
  exec: { before: 'running', command: ['exec', 'one', 'true'], sample: 8 },
  'exec -d, and the keeper': { before: 'running', command: ['exec', '-d', 'one', 'true'], sample: 6 },
  pause: { before: 'running', command: ['pause', 'one'], sample: 4 },
  unpause: { before: 'paused', command: ['unpause', 'one'], sample: 2 },
  update: {
    before: 'running',
    command: ['update', '--memory', '64m', '--memory-swap', '-1', '--restart', 'always', 'one'],
    sample: 2,
  },
  kill: { before: 'running', command: ['kill', 'one'], sample: 6 },
  'network create': { before: 'nothing', command: ['network', 'create', 'net'], sample: 2, last: networksMade },
  'network connect': {
    before: 'named',
    command: ['network', 'connect', 'apart', 'one'],
    sample: 2,
    next: backOnBridge,
    last: networksMade,
  },
  'network disconnect': {
    before: 'running',
    command: ['network', 'disconnect', 'bridge', 'one'],
    sample: 2,
    next: onBridgeAgain,
    last: networksMade,
  },
  'network rm': { before: 'network', command: ['network', 'rm', 'net'], sample: 2, last: networksMade },
  'network prune': {
    before: 'network',
    command: ['network', 'prune', '-f', '--filter', 'label=a'],
    sample: 1,
    last: networksMade,
  },
  'volume create': { before: 'nothing', command: ['volume', 'create', 'made'], sample: 2, last: volumesMade },
  'volume rm': { before: 'volume', command: ['volume', 'rm', 'made'], sample: 2, last: volumesMade },
  'volume prune': { before: 'volume', command: ['volume', 'prune', '-f'], sample: 1, last: volumesMade },
  'system prune': {
    before: 'remains',
    command: ['system', 'prune', '-f', '--volumes', '--filter', 'label=a'],
    sample: 2,
    last: async attempts => {
      await volumesMade(attempts);
      await networksMade(attempts);
    },
  },
  import: {
    before: 'nothing',
    command: ['import', 'FOLDER/made.tar', 'committed'],
    sample: 3,
    last: imagesMade,
  },
  load: { before: 'nothing', command: ['load', '-i', 'FOLDER/image.tar'], sample: 3, last: imagesMade },
  pull: { before: 'nothing', command: ['pull', 'PULLED'], sample: 3, next: pulled, last: imagesMade },
  tag: { before: 'image', command: ['tag', 'busybox', 'committed'], sample: 1, last: imagesMade },
  rmi: { before: 'image', command: ['rmi', 'committed'], sample: 2, last: imagesMade },
  rename: { before: 'ended', command: ['rename', 'one', 'two'], sample: 5 },
  commit: { before: 'changed', command: ['commit', 'one', 'committed'], sample: 7, last: imagesMade },
  'cp, out': { before: 'changed', command: ['cp', 'one:/made', 'FOLDER/out'], sample: 6, next: copied },
  'cp, in': { before: 'changed', command: ['cp', 'FOLDER/made', 'one:/in'], sample: 6, next: copied },
};

const server = serveImage();

/** What scenarios leave to the next: engines in which nothing went wrong. */
const idle: Place[] = [];

const which = new RegExp(process.env.MINIDOCK_SCENARIO ?? '');
for (const [name, scenario] of Object.entries(scenarios).filter(([name]) => which.test(name)))
  test(`faults in ${name} leave nothing behind`, async () => {
    const first = idle.pop() ?? (await newPlace());
    await prepare(first, scenario);
    const points = await pointsOf(first.box, commandAt(first, scenario));
    if (name.includes('keeper')) assert.ok(points.some(({ role }) => role === 'keeper'));
    await settle(first.box);
    await scenario.last?.(new Attempts(first.box), first);
    idle.push(first);
    const cases = chosen(name, points, scenario.sample);
    const { wrong, struck } = await strikeAll(cases, {
      open: async () => {
        const place = idle.pop() ?? (await newPlace());
        await prepare(place, scenario);
        return place;
      },
      strike: (place, one) => strike(place, scenario, one),
      close: ({ box }) => box.close(),
      end: async place => {
        await settle(place.box);
        await sweep(place.box);
        const left = litter(place.box);
        if (left.length === 0) idle.push(place);
        return left;
      },
    });
    assert.equal(wrong, []);
    // Of a few it may be that none strikes: how often a command looks whether something has ended differs from run to run.
    assert.ok(struck >= Math.floor((cases.length - 1) * 0.7), `${struck} of ${cases.length} faults struck`);
  });

async function newPlace(): Promise<Place> {
  const box = sandbox();
  await box.ok(['import', (await busyboxImage()).rootfs, 'busybox']);
  await box.ok(['run', '--rm', 'busybox', 'true']);
  await box.ok(['network', 'create', 'apart']);
  const folder = temporaryFolder('crash');
  makeFiles(folder);
  // An image like one that is committed, as a file to be loaded.
  await box.ok(['import', join(folder, 'made.tar'), 'committed']);
  await box.ok(['save', '-o', join(folder, 'image.tar'), 'committed']);
  await box.ok(['rmi', 'committed']);
  const blobs = readdirSync(join(box.root, 'images/blobs/sha256'));
  return { box, folder, port: await freePort(), blobs, served: `${(await server).host}/app:1` };
}

const commandAt = ({ port, folder, served }: Place, { command }: Scenario) => [
  minidockPath,
  ...command.map(word => word.replace('PORT', String(port)).replace('FOLDER', folder).replace('PULLED', served)),
];

/** One fault, and all that is asked of what it has left. */
async function strike(place: Place, scenario: Scenario, { point, fault }: Case) {
  const { box } = place;
  const outcome = await inject(box, commandAt(place, scenario), point, fault);
  const attempts = new Attempts(box);
  // Of those that heal what they find half of the faults see nothing.
  if ((point.n + fault.length + seed) % 2 === 0) await scenario.next?.(attempts, place);
  attempts.problems.push(...(await aftermath(place, scenario, outcome)));
  await scenario.last?.(attempts, place);
  const { problems } = attempts;
  // That it can be prepared again is the last thing that is asked.
  await prepare(place, scenario).catch(error => problems.push(`the next one: ${(error as Error).message}`));
  return { problems, outcome };
}

/**
 * A container called `one` that runs, is paused, goes with its end, has ended, has files of its own, or that a reboot brings back; or a
 * network called `net`, a volume called `made`, an image called `committed`; or all that can be pruned; or a container whose names
 * are answered, so that the keeper is none of the command's processes, alone or beside one that runs.
 */
async function prepare({ box, port, folder }: Place, { before }: Scenario): Promise<void> {
  rmSync(join(folder, 'out'), { recursive: true, force: true });
  if (before === 'nothing') return;
  if (before === 'network' || before === 'remains') await box.ok(['network', 'create', '--label', 'a=b', 'net']);
  if (before === 'volume' || before === 'remains') {
    await box.ok(['volume', 'create', '--label', 'a=b', 'made']);
    writeFileSync(join(box.root, 'volumes/made/_data/file'), '');
  }
  if (before === 'image') await box.ok(['load', '-i', join(folder, 'image.tar')]);
  if (['network', 'volume', 'image'].includes(before)) return;
  if (before === 'named' || before === 'neighbour')
    await box.ok(['run', '-d', '--name', 'two', '--network', 'apart', 'busybox', 'sleep', '600']);
  if (before === 'neighbour') return;
  const kept = ['--restart', 'unless-stopped', '--stop-signal', 'KILL', 'busybox', 'sleep', '600'];
  const published = ['--name', 'one', '-p', `${port}:80`];
  if (before === 'kept') {
    await box.ok(['run', '-d', ...published, ...kept]);
    return void (await box.ok(['run', '-d', '--name', 'two', '--network', 'apart', ...kept]));
  }
  // Started again it ends soon: strace waits for all that the command started.
  const script = 'test -e /ran && exec sleep 0.2; touch /ran; exec sleep 600';
  const runs = ['running', 'paused', 'named', 'fleeting'].includes(before);
  const command = runs ? ['sh', '-c', script] : before === 'changed' ? ['sh', '-c', madeFiles] : ['true'];
  const flags = [...(runs ? ['-d'] : []), ...(before === 'fleeting' ? ['--rm'] : []), '--label', 'a=b'];
  await box.ok(['run', ...flags, ...published, 'busybox', ...command]);
  if (before === 'paused') await box.ok(['pause', 'one']);
}

/** All that comes after a fault, in the order in which a user would try; where `prepare` does not make it, with another container. */
async function aftermath({ box, port }: Place, scenario: Scenario, outcome: Outcome): Promise<string[]> {
  const attempts = new Attempts(box);
  const { problems } = attempts;
  if (outcome.timedOut) attempts.say('the command hangs', outcome.output);
  if (stackTrace.test(outcome.output)) attempts.say('the command crashed', outcome.output);
  const names = (await attempts.do(['ps', '-a', '--format', '{{.Names}}'])).split('\n').filter(Boolean);
  if (names.length > 0) await attempts.do(['rm', '-f', ...names], /No such container/);
  if (['nothing', 'network', 'neighbour', 'volume', 'image'].includes(scenario.before)) {
    const flags = ['--rm', '--name', 'one', '-p', `${port}:80`, '-v', 'named:/data'];
    const said = await attempts.do(['run', ...flags, 'busybox', 'echo', 'again']);
    if (said !== 'again') attempts.say('the next container said', said);
  }
  await eventually(() => unswept(box).length === 0, 10).catch(() => problems.push(...unswept(box)));
  problems.push(...(await portRules(box)).map(rule => `rule ${rule}`));
  return problems;
}

async function settle(box: Sandbox): Promise<void> {
  await clear(box);
  await eventually(() => unswept(box).length === 0, 20);
}

/** Half-made and half-removed bundles are the next keeper's, and no command starts one where all that ran was waited for. */
const unswept = (box: Sandbox) => heldBy(box).filter(line => !/bundle \.(new|dead)-/.test(line));

async function clear(box: Sandbox): Promise<void> {
  await box.minidock(['rm', '-f', 'one', 'two']);
  await box.minidock(['network', 'rm', 'net']);
}

/** A container whose end nobody waits for: its supervisor starts the keeper, which sweeps. */
async function sweep(box: Sandbox): Promise<void> {
  await box.ok(['run', '-d', '--rm', '--network', 'none', 'busybox', 'true']);
  await eventually(() => heldBy(box).length === 0, 20);
}

test.run();
