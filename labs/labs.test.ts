// @long each lab is done from its first command to its last
import * as assert from 'uvu/assert';
import { findLab, labIds, loadLab, readLabText } from '../src/workshop/lab/catalog.ts';
import { grade, gradeTask } from '../src/workshop/lab/grade.ts';
import { firewallOfBridges } from '../src/workshop/lab/kit/firewall.ts';
import { Logbook } from '../src/workshop/lab/logbook.ts';
import { parseLabOptions } from '../src/workshop/lab/options.ts';
import { placeOf } from '../src/workshop/lab/place.ts';
import { answer, begin, cleanUp, valuesOf } from '../src/workshop/lab/session.ts';
import { cgroupVersion, fillIn, sheetParts } from '../src/workshop/lab/sheet.ts';
import { onExit, onSignal, temporaryFolder } from '../test/support/cleanup.ts';
import { LearnersShell } from '../test/support/learners-shell.ts';
import { sandbox } from '../test/support/minidock.ts';
import { requires } from '../test/support/requires.ts';
import { assertSaid } from '../test/support/sheet.ts';

/**
 * Works through each lab as a class would: the sheet from top to bottom, and at each task first the common mistakes of the teacher's notes, each of which
 * gets the hint that stands there, then the answer of the key. After the clean-up nothing is left.
 */
const test = requires('root', 'overlayfs', 'iptables', 'busybox', 'ip', 'nsenter', 'curl', 'tcpdump');

/** One lab alone: `MINIDOCK_LAB=07`. */
const wanted = labIds().filter(id => id.startsWith(process.env.MINIDOCK_LAB ?? ''));

for (const id of wanted) test(`${id}: sheet and key, in the sheet's order`, () => workThrough(id));

async function workThrough(id: string): Promise<void> {
  const lab = await loadLab(id);
  const engine = sandbox();
  const state = temporaryFolder('lab');
  const env = { ...process.env, ...engine.env, XDG_STATE_HOME: state, TMPDIR: state };
  const [place, logbook] = [placeOf(id, env), new Logbook(env)];
  const shell = new LearnersShell(state, env);
  const values = await begin(lab, place, logbook, 'en');
  onExit(() => shell.close());
  // What is not the engine's, a bridge by hand and its rule, goes by the lab's own clean-up.
  onSignal(async () => {
    shell.close();
    await lab.clean(place, values);
  });

  const type = async (block: string) => {
    const text = fillIn(block, values);
    let said = '';
    // What stands on a line of its own is done where it stands.
    for (const part of text.split(/^(?=npm )|(?<=^npm .*\n)/m)) {
      const { output, labs } = await shell.type(part);
      said += `${output}\n`;
      for (const words of labs) await typeLab(words);
    }
    assertSaid(text, said);
  };
  const typeLab = async (argv: string[]) => {
    const { lab: typed, action, rest } = parseLabOptions(argv, {});
    assert.is(findLab(typed!, labIds(), 'en'), id);
    if (action === 'answer') await answer(lab, Number(rest[0]), rest.slice(1).join(' '), logbook, 'en');
    else if (action === 'clean') await cleanUp(lab, place, logbook);
    else if (action === 'check') assert.equal(await undone(), []);
    else if (action === undefined) await begin(lab, place, logbook, 'en');
    else throw new Error(`a sheet has no use for ${argv.join(' ')}`);
  };
  const look = (task: number) => gradeTask(lab, task, place, values, logbook.entry(id).answers[task]);
  const saidOf = ({ findings }: Awaited<ReturnType<typeof look>>) =>
    findings
      .filter(({ ok }) => !ok)
      .map(({ what, hint }) => `${what.en}: ${hint.en}`)
      .join('\n');
  const undone = async () =>
    (await grade(lab, place, valuesOf(lab, place, logbook, 'en'), logbook.entry(id)))
      .filter(({ ok }) => !ok)
      .map(one => `task ${one.number}: ${saidOf(one)}`);

  try {
    const key = sheetParts(readLabText(id, 'en', 'TEACHER'), cgroupVersion());
    for (const { task, blocks } of sheetParts(readLabText(id, 'en'), cgroupVersion())) {
      for (const { info, content } of blocks) if (info === 'sh') await type(content);
      if (task === undefined) continue;
      assert.not((await look(task)).ok, `task ${task} is done before anything was done`);
      for (const { info, content } of key.find(part => part.task === task)!.blocks) {
        if (info === 'sh') await type(content);
        if (info !== 'sh mistake' && !(info === 'sh mistake dropped' && (await dropsBridged()))) continue;
        const [wrong, said, undo] = cutAtCheck(content);
        await type(wrong);
        const seen = await look(task);
        assert.not(seen.ok, `task ${task} is done by:\n${content}`);
        assert.match(saidOf(seen), fillIn(said, values), content);
        await type(undo);
      }
      const seen = await look(task);
      assert.ok(seen.ok, `task ${task}: ${saidOf(seen)}`);
    }
    // The sheet ends with its clean-up.
    assert.is(logbook.entry(id).begun, undefined);
    assert.is(await engine.ok(['ps', '-aq']), '');
    assert.is(await engine.ok(['images', '-q']), '');
    assert.is(await engine.ok(['volume', 'ls', '-q']), '');
    assert.is(await engine.ok(['network', 'ls', '-q', '--filter', 'type=custom']), '');
    // A second time there is nothing to do.
    await cleanUp(lab, place, logbook);
  } finally {
    shell.close();
    if (logbook.entry(id).begun !== undefined) await lab.clean(place, values);
    engine.close();
  }
}

/** Whether what a bridge by hand carries is lost on this machine: the mistake not to see to it can be made only there. */
async function dropsBridged(): Promise<boolean> {
  const { seesBridged, policy } = await firewallOfBridges();
  return seesBridged && policy === 'DROP';
}

/** A mistake: what is typed, what the check says of it, and what is typed to undo it. */
function cutAtCheck(content: string): [wrong: string, said: string, undo: string] {
  const found = /^# check → (.*)$/m.exec(content);
  assert.ok(found, `a mistake needs its "# check → …":\n${content}`);
  return [content.slice(0, found.index), found[1]!, content.slice(found.index + found[0].length + 1)];
}

test.run();
