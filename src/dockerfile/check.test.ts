import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adviseOn } from './check.ts';
import { parseDockerfile } from './parse.ts';

const rules = (text: string): string[] =>
  adviseOn(parseDockerfile('Dockerfile', Buffer.from(text)), ['TARGETARCH', 'HTTP_PROXY']).map(
    ({ rule, place }) => `${rule} ${place.line}:${place.column}`,
  );

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
  ['FROM a as b\n', 'FromAsCasing 1:1'],
  ['FROM a AS Build\n', 'StageNameCasing 1:1'],
  ['FROM a AS b\nFROM c AS B\n', 'DuplicateStageName 2:1'],
  ['FROM a AS scratch\n', 'ReservedStageName 1:1'],
  ['FROM --platform=linux/amd64 a\n', 'FromPlatformFlagConstDisallowed 1:17'],
  ['FROM a:$V\n', 'UndefinedArgInFrom 1:6'],
  ['ARG V\nFROM a:$V\n', 'InvalidDefaultArgInFrom 2:6'],
  ['FROM a\nCMD x\n', 'JSONArgsRecommended 2:1'],
  ['FROM a\nENV A b\n', 'LegacyKeyValueFormat 2:1'],
  ['FROM a\nMAINTAINER me\n', 'MaintainerDeprecated 2:1'],
  ['FROM a\nCMD ["a"]\nCMD ["b"]\n', 'MultipleInstructionsDisallowed 2:1'],
  ['FROM a\nRUN a \\\n\n b\n', 'NoEmptyContinuation 3:1'],
  ['FROM a\nENV DB_PASSWORD=x\n', 'SecretsUsedInArgOrEnv 2:1'],
  ['FROM a\nARG TOKEN\n', 'SecretsUsedInArgOrEnv 2:1'],
  ['FROM a\nCOPY $NOPE /x\n', 'UndefinedVar 2:6'],
  ['FROM a\nCOPY $TARGETARCH /x\n', 'UndefinedVar 2:6'],
  ['FROM a\nWORKDIR sub\n', 'WorkdirRelativePath 2:9'],
  ['FROM a\nEXPOSE 80/TCP\n', 'ExposeProtoCasing 2:8'],
  ['FROM a\nEXPOSE 80:80\n', 'ExposeInvalidFormat 2:8'],
] as const)
  test(`${JSON.stringify(text)}: ${expected}`, () => {
    assert.ok(rules(text).includes(expected), rules(text).join());
  });

test('a directive leaves rules out', () => {
  assert.equal(rules('# check=skip=JSONArgsRecommended\nFROM a\nCMD x\n'), []);
});

test.run();
