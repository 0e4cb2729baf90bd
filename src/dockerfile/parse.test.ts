import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../errors.ts';
import { widthOf } from '../syscalls/text/columns.ts';
import type { Instruction } from './instructions.ts';
import { parseDockerfile, parseInstruction } from './parse.ts';

const parse = (text: string | Buffer) =>
  parseDockerfile('Dockerfile', typeof text === 'string' ? Buffer.from(text) : text);

/** The instructions of the only stage. */
function stage(text: string): Instruction[] {
  const { stages } = parse(`FROM base\n${text}`);
  assert.is(stages.length, 1);
  return [...stages[0]!.instructions];
}

function refused(text: string | Buffer): MinidockError {
  try {
    parse(text);
  } catch (error) {
    assert.instance(error, MinidockError);
    return error as MinidockError;
  }
  throw new Error(`not refused: ${text}`);
}

test('stages have names in lower case and know their platform; ARG before them is of all', () => {
  const { globals, stages } = parse('ARG V=1\nFROM --platform=linux/arm64 a:$V AS Build\nfrom b\n');
  assert.equal(
    globals.flatMap(({ args }) => args.map(({ name, value }) => [name, value?.raw])),
    [['V', '1']],
  );
  assert.equal(
    stages.map(({ from }) => [from.base.raw, from.name, from.platform?.raw]),
    [
      ['a:$V', 'build', 'linux/arm64'],
      ['b', undefined, undefined],
    ],
  );
});

test('lines are joined, with comments and empty lines between them left out', () => {
  const { stages, emptyContinuations } = parse('FROM a\nRUN a \\\n  # why\n\n  b \\ \n  c\nRUN d\\\\\n');
  const lines = stages[0]!.instructions.map(
    one => one.kind === 'RUN' && one.command.form === 'shell' && one.command.line,
  );
  assert.equal(lines, ['a   b   c', 'd\\\\']);
  assert.equal(emptyContinuations, [4]);
});

test('the escape character can be another, Windows line ends are none of ours, a byte order mark is skipped', () => {
  const [run] = parse('\uFEFF# escape=`\r\nFROM a\r\nRUN dir C:\\ `\r\n  /b\r\n').stages[0]!.instructions;
  assert.equal(run?.kind === 'RUN' && run.command, { form: 'shell', line: 'dir C:\\   /b' });
});

test('JSON makes the exec form; what is none is a line for the shell', () => {
  const commands = stage('CMD ["a", "b c"]\nCMD [a]\nENTRYPOINT [ "$A" = "b, c" ]\nCMD [ -n \'x\' ]\n').map(one =>
    one.kind === 'CMD' || one.kind === 'ENTRYPOINT' ? one.command : undefined,
  );
  assert.equal(commands, [
    { form: 'exec', words: ['a', 'b c'] },
    { form: 'shell', line: '[a]' },
    { form: 'shell', line: '[ "$A" = "b, c" ]' },
    { form: 'shell', line: "[ -n 'x' ]" },
  ]);
});

test('here-documents: several, quoted or not, with tabs taken off', () => {
  const [run, copy] = stage('RUN <<EOF sh\nsay $A\nEOF\nCOPY <<-"X" <<Y /dst/\n\t\tabc\n\tX\nyy\nY\n');
  assert.equal(run?.kind === 'RUN' && run.heredocs, [
    { name: 'EOF', descriptor: 0, expands: true, content: 'say $A\n' },
  ]);
  assert.equal(
    copy?.kind === 'COPY' && copy.sources.map(({ heredoc }) => [heredoc?.name, heredoc?.expands, heredoc?.content]),
    [
      ['X', false, 'abc\n'],
      ['Y', true, 'yy\n'],
    ],
  );
});

test('a trigger has its here-documents with it', () => {
  const [trigger] = stage('ONBUILD RUN <<-A cat && cat <<B\n\tone\n\tA\ntwo\nB\n');
  const text = 'RUN <<-A cat && cat <<B\none\nA\ntwo\nB';
  assert.is(trigger?.kind === 'ONBUILD' && trigger.trigger, text);
  const run = parseInstruction('ONBUILD', text);
  assert.equal(run.kind === 'RUN' && run.heredocs.map(({ content }) => content), ['one\n', 'two\n']);
});

test('flags of COPY and RUN', () => {
  const [copy, add, run] = stage(
    'COPY --from=build --chown=1:2 --link --exclude=*.o --exclude=x a b /c/\nADD --checksum=sha256:12 ["a b", "c"]\n' +
      'RUN --mount=type=cache,dst=/x,sharing=locked --network=none make\n',
  );
  assert.equal(
    copy?.kind === 'COPY' && [copy.from?.raw, copy.chown?.raw, copy.link, copy.exclude.map(({ raw }) => raw)],
    ['build', '1:2', true, ['*.o', 'x']],
  );
  assert.equal(copy?.kind === 'COPY' && copy.sources.map(({ raw }) => raw), ['a', 'b']);
  assert.equal(add?.kind === 'ADD' && [add.sources[0]!.raw, add.destination.raw], ['"a b"', '"c"']);
  assert.equal(run?.kind === 'RUN' && [run.mounts[0]!.type, [...run.mounts[0]!.options], run.network], [
    'cache',
    [
      ['target', '/x'],
      ['sharing', 'locked'],
    ],
    'none',
  ]);
});

test('ENV in both forms', () => {
  const all = stage('ENV A=1 B="x y" C=a\\ b\nENV D  the rest\n').map(
    one => one.kind === 'ENV' && one.pairs.map(({ name, value }) => [name.raw, value.raw]),
  );
  assert.equal(all, [
    [
      ['A', '1'],
      ['B', '"x y"'],
      ['C', 'a\\ b'],
    ],
    [['D', 'the rest']],
  ]);
});

test('HEALTHCHECK has times in nanoseconds', () => {
  const [check, none] = stage('HEALTHCHECK --interval=1m30s --retries=2 CMD curl -f x\nHEALTHCHECK NONE\n');
  assert.equal(check?.kind === 'HEALTHCHECK' && [check.test, check.times, check.retries], [
    ['CMD-SHELL', 'curl -f x'],
    { Interval: 90e9 },
    2,
  ]);
  assert.equal(none?.kind === 'HEALTHCHECK' && none.test, ['NONE']);
});

for (const [text, at, reason, fix] of [
  ['FROM a\nCOPPY . /x', '2:1', 'unknown instruction: COPPY', 'did you mean COPY?'],
  ['FROM a\nFROMM a', '2:1', 'unknown instruction: FROMM', 'did you mean FROM?'],
  ['FROM a\nCMD["a"]', '2:1', 'unknown instruction: CMD["a"]', 'a blank must follow CMD: write CMD ["program"'],
  ['＃ 说明\nFROM a', '1:1', 'unknown instruction: ＃', 'a comment begins with #'],
  ['FROM a\nRUN a &&\napt-get b', '3:1', 'unknown instruction: apt-get', 'if line 2 goes on here, end it with \\'],
  ['FROM a\nRUN a\n  && b', '3:3', 'unknown instruction: &&', 'if line 2 goes on here, end it with \\'],
  ['FROM a\n# b\n  c', '3:3', 'unknown instruction: c', 'instructions are ADD, ARG'],
  ['FROM a AS', '1:8', 'FROM takes one image', 'write FROM'],
  ['FROM a AS 1', '1:11', 'invalid name for a build stage', 'begins with a letter'],
  ['RUN x', '1:1', 'RUN stands before the first FROM', 'begin with FROM'],
  ['FROM a\nRUN', '2:1', 'RUN has no argument', 'write RUN'],
  ['FROM a\nCOPY --form=b x y', '2:6', 'unknown flag: --form', 'did you mean --from?'],
  ['FROM a\nCOPY --from x y', '2:6', '--from has no value', 'write --from=VALUE'],
  ['FROM a\nCOPY x', '2:1', 'COPY needs a source and a destination', 'write COPY'],
  ['FROM a\nRUN --mount=type=cach,target=/x y', '2:13', 'unknown type of mount: "cach"', 'did you mean cache?'],
  ['FROM a\nRUN --mount=type=cache,traget=/x y', '2:13', 'has no "traget"', 'did you mean target?'],
  ['FROM a\nENV A=b \\\n   C', '3:4', '"C" is not NAME=VALUE', 'quotes'],
  ['FROM a\nENV A', '2:5', 'ENV A has no value', 'write ENV A=VALUE'],
  ['FROM a\nRUN <<EOF\nx', '2:5', 'unterminated here-document: no line "EOF" follows', ''],
  ['FROM a\nRUN <<E\nx\n  E', '2:5', 'unterminated here-document: no line "E"', 'line 4 has blanks beside E'],
  ['FROM a\nRUN <<E\nx\n\tE', '2:5', 'unterminated here-document: no line "E"', 'write <<-E, which drops tabs'],
  ['FROM a\nCMD ["a", b]', '2:11', 'this is no list in JSON form', 'double quotes'],
  ["FROM a\nENTRYPOINT ['a', 'b']", '2:13', 'this is no list in JSON form', 'double quotes'],
  ['FROM a\nRUN --network=none [ "a", "b"', '2:29', 'this is no list in JSON form', 'a ] is missing at the end'],
  ['FROM a\nCOPY ["a", 1]', '2:12', 'this is no list in JSON form', 'double quotes'],
  ['FROM a\nVOLUME ["/a"', '2:12', 'this is no list in JSON form', 'a ] is missing'],
  ['FROM a\nHEALTHCHECK CMD  ["a"', '2:21', 'this is no list in JSON form', ''],
  ['FROM a\nCMD [“nginx”, “-g”]', '2:6', 'this is no list in JSON form', 'write " in place of “'],
  ['FROM a\nCMD ["nginx”, "-g"]', '2:12', 'this is no list in JSON form', 'write " in place of ”'],
  ['FROM a\nCMD ["a"，"b"]', '2:9', 'this is no list in JSON form', 'write , in place of ，'],
  ['FROM a\nCMD 【"a"】', '2:5', 'this is no list in JSON form', 'write [ in place of 【'],
  ['FROM a\nCMD ["a" "b"]', '2:10', 'this is no list in JSON form', 'a comma is missing before this'],
  ['FROM a\nCMD ["a", "b]', '2:11', 'this is no list in JSON form', 'the closing " is missing'],
  ['FROM a\nCMD ["a", ]', '2:11', 'this is no list in JSON form', 'leave out the comma before it'],
  ['FROM a\nCMD ["C:\\dir"]', '2:6', 'this is no list in JSON form', 'in JSON \\\\ stands for one \\'],
  ['FROM a\nCMD ["a"] # b', '2:11', 'this is no list in JSON form', 'a comment needs a line of its own'],
  ['FROM a\nCMD ["a"]  b', '2:12', 'this is no list in JSON form', 'the list ends before this'],
  ['FROM a\nCMD ["a", \\\n  b]', '3:3', 'this is no list in JSON form', 'double quotes'],
  ['FROM a\nONBUILD RUN <<EOF\nx', '2:13', 'unterminated here-document', ''],
  ['FROM a\nSHELL sh', '2:7', 'SHELL needs a list in JSON form', 'write SHELL'],
  ['FROM a\nONBUILD COPY --form=x a b', '2:14', 'unknown flag: --form', '--from'],
  ['FROM a\nONBUILD FROM x', '2:9', 'FROM cannot be a trigger', ''],
  ['FROM a\nHEALTHCHECK --interval=30x CMD true', '2:24', 'invalid duration "30x"', '30s'],
  ['FROM a # the base', '1:8', 'FROM takes one image', 'a comment needs a line of its own'],
  ['FROM a\nENV A=1 # one', '2:9', '"#" is not NAME=VALUE', 'a comment needs a line of its own'],
  ['FROM a\nRUN --nope a # b', '2:5', 'unknown flag: --nope', 'RUN has --mount'],
  ['FROM a\nUSER a b', '2:8', 'USER takes one argument', 'write USER'],
  ['# escape=x\nFROM a', '1:1', 'invalid escape character "x"', ''],
  ['FROM a\nRUN a\0b', '2:6', 'a NUL byte', ''],
  [`FROM a\nRUN ${'x'.repeat(70_000)}`, '2:1', 'the line has 70004 characters', ''],
] as const)
  test(`${JSON.stringify(text.slice(0, 60))} is refused at ${at}`, () => {
    const error = refused(text);
    assert.ok(error.message.startsWith(`Dockerfile:${at}: `), error.message);
    assert.ok(error.message.includes(reason), error.message);
    assert.ok((error.fix ?? '').includes(fix), error.fix);
    assert.match(error.excerpt!, /^ {2}\d+ \| .*\n {3,}\| *\^+$/);
  });

test('an empty file, and one without FROM', () => {
  assert.match(refused('# only\n\n').message, /^Dockerfile: it has no instruction$/);
  assert.match(refused('ARG A\n').message, /^Dockerfile: it has no FROM$/);
});

test('the mark stands under what is meant, also in a long line, of which a part is shown', () => {
  const { excerpt } = refused(`FROM a\nENV ${'A=1 '.repeat(50)}WRONG ${'B=2 '.repeat(50)}`);
  const [line, mark] = excerpt!.split('\n');
  assert.is(line!.slice(mark!.indexOf('^'), mark!.lastIndexOf('^') + 1), 'WRONG');
  assert.match(line!, /^ {2}2 \| ….*WRONG.*…$/);
  assert.is(line!.length, '  2 | '.length + 72);
});

test('the mark is as far to the right as its part is on a terminal: Chinese takes two columns, a tab is one blank', () => {
  assert.is(refused('FROM a\nENV\t名字=值 错误').excerpt, '  2 | ENV 名字=值 错误\n    |             ^^^^');
  const [line = '', mark = ''] = refused(
    `FROM a\nENV ${'名=值 '.repeat(50)}错误 ${'名=值 '.repeat(50)}`,
  ).excerpt!.split('\n');
  assert.is(widthOf(line.slice(0, line.indexOf('错误'))), mark.indexOf('^'));
  assert.is(mark.trimStart().replace(/^\| */, ''), '^^^^');
  assert.ok(widthOf(line) <= '  2 | '.length + 72);
});

test('what no terminal shows, or what it obeys, is shown as a sign of its own', () => {
  assert.is(refused('FROM a\nRU\u200bN \u202ea\x1b[2J').excerpt, '  2 | RU\ufffdN \ufffda\ufffd[2J\n    | ^^^^');
});

test('a file in UTF-16, as editors of Windows save it', () => {
  const { message, fix } = refused(Buffer.from('\ufeffFROM a\n', 'utf16le'));
  assert.is(message, 'Dockerfile: it is in UTF-16, and a Dockerfile is in UTF-8');
  assert.match(fix!, 'save it as UTF-8');
});

test.run();
