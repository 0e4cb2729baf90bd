import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDockerfile } from '../parse.ts';
import { adviseOn } from './check.ts';

const rules = (text: string): string[] =>
  adviseOn(parseDockerfile('Dockerfile', Buffer.from(text)), {
    known: ['TARGETARCH', 'HTTP_PROXY'],
    isIgnored: path => path === 'left/out',
  }).map(({ rule, place }) => `${rule} ${place.line}:${place.column}`);

test('a Dockerfile as it should be gets no advice', () => {
  const text = `ARG V=1
FROM base:$V AS build
ARG NAME=x
WORKDIR /src
COPY $NAME .
RUN make $UNKNOWN_IS_THE_SHELLS
FROM build
ENV A=$FROM_THE_STAGE_ABOVE
EXPOSE 80/tcp
CMD ["run"]
`;
  assert.equal(rules(text), []);
});

for (const [text, expected] of [
  ['FROM a\nrun x\nRUN y\n', 'ConsistentInstructionCasing 2:1'],
  ['from a\nrun x\nRUN y\n', 'ConsistentInstructionCasing 3:1'],
  ['FROM a as b\n', 'FromAsCasing 1:8'],
  ['FROM a AS Build\n', 'StageNameCasing 1:11'],
  ['FROM a AS b\nFROM c AS B\n', 'DuplicateStageName 2:11'],
  ['FROM a AS scratch\n', 'ReservedStageName 1:11'],
  ['FROM --platform=linux/amd64 a\n', 'FromPlatformFlagConstDisallowed 1:17'],
  ['FROM a:$V\n', 'UndefinedArgInFrom 1:6'],
  ['ARG V\nFROM a:$V\n', 'InvalidDefaultArgInFrom 2:6'],
  ['FROM a\nCMD x\n', 'JSONArgsRecommended 2:1'],
  ['FROM a\nENV A b\n', 'LegacyKeyValueFormat 2:1'],
  ['FROM a\nMAINTAINER me\n', 'MaintainerDeprecated 2:1'],
  ['FROM a\nCMD ["a"]\nCMD ["b"]\n', 'MultipleInstructionsDisallowed 2:1'],
  ['FROM a\nRUN a \\\n\n b\n', 'NoEmptyContinuation 3:1'],
  ['FROM a\nENV A=1 DB_PASSWORD=x\n', 'SecretsUsedInArgOrEnv 2:9'],
  ['FROM a\nARG TOKEN\n', 'SecretsUsedInArgOrEnv 2:5'],
  ['FROM a\nCOPY $NOPE /x\n', 'UndefinedVar 2:6'],
  ['FROM a\nCOPY $TARGETARCH /x\n', 'UndefinedVar 2:6'],
  ['FROM a\nWORKDIR sub\n', 'WorkdirRelativePath 2:9'],
  ['FROM a\nEXPOSE 80/TCP\n', 'ExposeProtoCasing 2:8'],
  ['FROM a\nEXPOSE 80:80\n', 'ExposeInvalidFormat 2:8'],
  ['FROM a\nCOPY in ./left/out /x/\n', 'CopyIgnoredFile 2:9'],
  ['FROM a\nADD --chmod=755 "left/out" /x/\n', 'CopyIgnoredFile 2:17'],
  ['FROM --platform=$TARGETPLATFORM a\n', 'RedundantTargetPlatform 1:17'],
  ['# check=experimental=all\n\n# what it is\nFROM a AS b\n', 'InvalidDefinitionDescription 4:1'],
] as const)
  test(`${JSON.stringify(text)}: ${expected}`, () => {
    assert.ok(rules(text).includes(expected), rules(text).join());
  });

for (const text of [
  '# check=skip=JSONArgsRecommended\nFROM a\nCMD x\n',
  '# check=error=true;skip=JSONArgsRecommended,FromAsCasing\nFROM a as b\nCMD x\n',
  '# check=skip=all\nFROM a as b\nCMD x\n',
  // Of another stage, over the network, from standard input, named when it is built.
  'FROM a\nCOPY --from=b left/out /x\nADD https://left/out /x\nCOPY <<left/out /x\nleft/out\nARG V\nCOPY $V /x\n',
  '# not asked for\nFROM a AS b\n',
  '# check=experimental=InvalidDefinitionDescription\n\n# b is a stage\nFROM a AS b\n# V is set\nARG V\n\n# else\n\nARG W\n',
])
  test(`no advice: ${JSON.stringify(text)}`, () => assert.equal(rules(text), []));

for (const [text, expected] of [
  ['FROM a\nSHELL ["/bin/bash", "-c"]\nCMD x\n', []],
  ['FROM a AS one\nSHELL ["/bin/bash", "-c"]\nFROM one\nCMD x\n', []],
  ['FROM a\nWORKDIR /a\nWORKDIR b\n', []],
  ['FROM a\nWORKDIR a\nWORKDIR b\n', ['WorkdirRelativePath 2:9']],
  ['FROM a AS one\nWORKDIR /a\nFROM one\nWORKDIR b\n', []],
  ['FROM --platform=linux/amd64 a AS build_amd64\n', []],
  ['FROM a\nARG PUBLIC_KEY\nENV TOKEN_FILE=/x KEY_VERSION=1\n', []],
  ['FROM a\nARG TOKEN_URL\n', ['SecretsUsedInArgOrEnv 2:5']],
  ['FROM scratch AS one\nARG A\nENV B=1\nFROM one\nENV C=$A$B\n', ['UndefinedVar 5:7']],
  ['FROM here\nENV A=$HOME_OF_IT\nCMD x\n', []],
  ['From a\nrun x\n', ['ConsistentInstructionCasing 1:1']],
] as const)
  test(`${JSON.stringify(text)}: ${expected.join() || 'no advice'}`, () => {
    const images = new Map([['here', { variables: ['HOME_OF_IT'], hasShell: true }]]);
    const found = adviseOn(parseDockerfile('Dockerfile', Buffer.from(text)), { known: [], images });
    assert.equal(
      found.map(({ rule, place }) => `${rule} ${place.line}:${place.column}`),
      expected,
    );
  });

test('a variable that is not set: which one was meant', () => {
  const told = (text: string) =>
    adviseOn(parseDockerfile('Dockerfile', Buffer.from(text)), { known: [] }).map(({ message }) => message);
  assert.equal(told('FROM a\nARG VERSION\nENV A=$VERSON B=$ELSE\n'), [
    '$VERSON is not set here: did you mean $VERSION?',
    '$ELSE is not set here',
  ]);
  assert.equal(told('ARG TAG=1\nFROM a:$TGA\n'), ['FROM uses $TGA, which no ARG before it names: did you mean $TAG?']);
});

test('the new form of ENV is spelt out, with quotes where the value has blanks', () => {
  const told = (text: string) =>
    adviseOn(parseDockerfile('Dockerfile', Buffer.from(`FROM a\n${text}\n`)), { known: [] }).map(one => one.message);
  assert.equal(told('ENV A b c'), ['write ENV A="b c"']);
  assert.equal(told('LABEL a "b c"'), ['write LABEL a="b c"']);
  assert.equal(told(`ENV A ${'x'.repeat(99)}`), ['write ENV A=value']);
});

test('the directive that makes advice an error, and one that is none', () => {
  const settings = (text: string) =>
    parseDockerfile('Dockerfile', Buffer.from(`# check=${text}\nFROM a\n`)).directives.check;
  assert.is(settings('error=true;skip=all')?.isError, true);
  assert.is(settings('skip=all')?.isError, false);
  assert.throws(() => settings('skip'), 'Dockerfile:1:1: invalid check option "skip"');
  assert.throws(() => settings('error=maybe'), 'error=true or error=false');
});

test.run();
