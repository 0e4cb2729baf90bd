import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listIfPresent } from '../../state/files.ts';
import type { Data } from '../../syscalls/data.ts';
import { encode } from '../../syscalls/encode.ts';
import { lessonName, lessonSlugs } from '../../syscalls/lessons.ts';
import { foldLines, isFolded, programToJson } from '../../syscalls/print.ts';
import type { Arg, Program, SectionName, Slot, Step } from '../../syscalls/step.ts';
import { sectionNames } from '../../syscalls/step.ts';
import { cases } from './golden/cases.ts';

/** Programs for machines that are not here, compared with files that show each change to a reader. */
const folder = fileURLToPath(new URL('./golden/', import.meta.url));
const update = process.env.UPDATE_GOLDEN === '1';

for (const [name, make] of Object.entries(cases))
  test(`golden program ${name}`, () => {
    const file = `${folder}${name}.jsonl`;
    const program = printed(make());
    if (update) writeFileSync(file, program);
    const [lines, golden] = [program.split('\n'), readFileSync(file, 'utf8').split('\n')];
    const index = lines.findIndex((line, i) => line !== golden[i]);
    const hint = `${name} differs from line ${index + 1} on; UPDATE_GOLDEN=1 writes it anew, for git diff to show`;
    if (index >= 0) assert.is(lines[index], golden[index], hint);
    assert.is(lines.length, golden.length, hint);
  });

test('there is no golden file without its program', () => {
  const files = readdirSync(folder).filter(name => name.endsWith('.jsonl'));
  assert.equal(
    files,
    Object.keys(cases)
      .map(name => `${name}.jsonl`)
      .sort(),
  );
});

/** JSON, a line a step: a change of one shows as one line. */
function printed(program: Program): string {
  return Object.entries(programToJson(program))
    .flatMap(([section, content]) =>
      Array.isArray(content) ? content.map(step => ({ section, ...step })) : [{ section, ...(content as object) }],
    )
    .map(line => `${JSON.stringify(line)}\n`)
    .join('');
}

const all = Object.entries(cases).map(([name, make]) => ({ name, program: make() }));

function eachStep(check: (step: Step, where: string, section: SectionName) => void): void {
  for (const { name, program } of all)
    for (const section of sectionNames)
      for (const [index, step] of program[section].entries())
        check(step, `${name}, ${section} step ${index + 1}`, section);
}

test('every step says why, in a sentence of its own', () => {
  eachStep(({ why }, where) => {
    for (const text of Object.values(why))
      assert.ok(text.length > 3 && text === text.trim() && !text.includes('\n'), where);
  });
});

test('a folded group has one reason that holds for all of it: its own, or that of the mount or message it is made for', () => {
  const telling = ['mount', 'move_mount', 'sendto'];
  for (const { name, program } of all)
    for (const section of sectionNames)
      for (const { steps, group } of foldLines(program[section], false).filter(isFolded)) {
        const reasons = new Set(steps.map(step => step.why.en));
        const told = steps.some(step => step.groupWhy || (step.op === 'syscall' && telling.includes(step.name)));
        assert.ok(reasons.size === 1 || told, `${name}, ${section}: ${group} is only told by its first step's reason`);
        const whole = new Set(steps.flatMap(step => step.groupWhy?.en ?? []));
        assert.ok(whole.size < 2, `${name}, ${section}: ${group} has two reasons: ${[...whole].join('; ')}`);
      }
});

test('every lesson that is written has the name under which steps know it', () => {
  const names = lessonSlugs.map(lessonName);
  const written = listIfPresent(fileURLToPath(new URL('../../../lessons/', import.meta.url)));
  for (const folder of written.filter(one => /^\d\d-/.test(one))) assert.ok(names.includes(folder), folder);
});

test('strings hold no NUL but the one at their end', () => {
  eachStep((step, where) => {
    if (step.op !== 'syscall') return;
    for (const data of step.args.flatMap(dataOf)) {
      const bytes = Buffer.from(data.bytes).toString();
      // A printed string whose bytes are others is a structure, or a path that a step completes.
      if (!data.text.startsWith('"') || bytes[0] !== data.text[1]) continue;
      if (data.text.includes('<')) continue;
      assert.not.match(bytes.replace(/\0$/, ''), /\0/, `${where}: ${data.text}`);
    }
  });
});

test('at most eight errors are tolerated, none twice', () => {
  eachStep((step, where) => {
    const tolerated = step.op === 'syscall' ? (step.tolerate ?? []) : [];
    assert.ok(tolerated.length <= 8 && new Set(tolerated).size === tolerated.length, where);
  });
});

test('every result is saved before it is used, in the process that uses it', () => {
  for (const { name, program } of all) {
    const forked = program.host.findIndex(step => step.op === 'syscall' && step.forks);
    const before = program.host.slice(0, forked + 1);
    const host = saves(before, new Set(), `${name}, host`);
    const parent = saves(program.host.slice(forked + 1), host, `${name}, parent`);
    saves(program.exec, saves(program.child, host, `${name}, child`), `${name}, exec`);
    const { status, ...roles } = program.supervise ?? {};
    for (const [role, arg] of Object.entries(roles))
      if (typeof arg !== 'object' || arg.kind !== 'data') known(arg, parent, `${name}, supervise ${role}`);
    const supervisor = new Set(parent).add(status!);
    saves(program.reap, saves(program.exit, supervisor, `${name}, exit`), `${name}, reap`);
    saves(program.archive, saves(program.reopen, supervisor, `${name}, reopen`), `${name}, archive`);
  }
});

/** What is known after these steps; throws where one uses more than was known before it. */
function saves(steps: readonly Step[], before: ReadonlySet<Slot | Data>, where: string): Set<Slot | Data> {
  const now = new Set(before);
  for (const [index, step] of steps.entries()) {
    const here = `${where} step ${index + 1}`;
    if (step.op === 'store') known(step.from, now, here);
    if (step.op === 'expect') known(step.data, now, here);
    if (step.op !== 'syscall') continue;
    for (const arg of step.args) if (typeof arg === 'object' && arg.kind !== 'data') known(arg, now, here);
    // The kernel may write to whatever it is given.
    for (const data of step.args.flatMap(dataOf)) now.add(data);
    if (step.save) now.add(step.save);
  }
  return now;
}

function known(arg: Arg, now: ReadonlySet<Slot | Data>, where: string): void {
  if (typeof arg !== 'object') return;
  const origin = arg.kind === 'word' ? arg.data : arg;
  const name = arg.kind === 'data' ? arg.text : arg.name;
  assert.ok(now.has(origin), `${where} uses ${name}, which nothing gave a value before`);
}

function dataOf(arg: Arg): Data[] {
  if (typeof arg !== 'object' || arg.kind !== 'data') return [];
  return [arg, ...arg.pointers.flatMap(pointer => dataOf(pointer.to))];
}

test('a descriptor that a section closes is not used in it afterwards', () => {
  for (const { name, program } of all) {
    const forked = program.host.findIndex(step => step.op === 'syscall' && step.forks);
    for (const [section, steps] of [
      ['host', program.host.slice(0, forked + 1)],
      ['parent', program.host.slice(forked + 1)],
      ['child', program.child],
    ] as const) {
      const closed = new Set<unknown>();
      for (const [index, step] of steps.entries()) {
        if (step.op !== 'syscall') continue;
        const where = `${name}, ${section} step ${index + 1}`;
        for (const arg of step.args)
          if (typeof arg === 'object') assert.not(closed.has(arg), `${where} uses a closed descriptor`);
        if (step.save) closed.delete(step.save);
        if (step.name === 'close') closed.add(step.args[0]);
      }
    }
  }
});

test('only the host section forks, once; the child waits for its launcher last of all', () => {
  eachStep((step, where, section) => {
    if (step.op === 'syscall' && step.forks) assert.is(section, 'host', where);
    if (step.op === 'sync') assert.is(section, 'child', where);
  });
  for (const { name, program } of all) {
    assert.is(program.host.filter(step => step.op === 'syscall' && step.forks).length, 1, name);
    assert.is(
      program.child.findIndex(step => step.op === 'sync'),
      program.child.length - 1,
      name,
    );
    assert.ok(
      program.exec.every(step => step.op === 'syscall' && step.name === 'execve'),
      name,
    );
  }
});

test('no path of the image is looked up while the host is there', () => {
  const own = /^(\/var\/lib\/minidock|\/run\/minidock|\/sys\/fs\/cgroup|\/proc\/|\/opt\/|\/dev\/null$|\/$|\.$|$)/;
  for (const { name, program } of all) {
    const steps = program.child.filter(step => step.op === 'syscall');
    const gone = steps.findIndex(step => step.name === 'umount2');
    const inContainer = steps.findIndex(step => step.name === 'setns' || step.name === 'pivot_root');
    assert.ok(inContainer >= 0, name);
    for (const [index, step] of steps.slice(0, gone < 0 ? inContainer : gone).entries())
      for (const data of step.args.flatMap(dataOf)) {
        const types =
          step.name === 'mount' && (data === step.args[0] || data === step.args[2] || data === step.args[4]);
        if (!data.text.startsWith('"/') || types) continue;
        assert.match(JSON.parse(data.text), own, `${name}, ${step.name} (${index})`);
      }
  }
});

test('every program can be encoded, on both architectures', () => {
  for (const { name, program } of all) {
    assert.ok(encode(program, { arch: 'x64' }).length > 0, name);
    assert.ok(encode(program, { arch: 'arm64' }).length > 0, name);
  }
});

test.run();
