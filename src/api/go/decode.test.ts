import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MinidockError } from '../../errors.ts';
import { decodeCreateBody } from '../shapes/container/create/body.ts';

const failure = (json: string): string => {
  try {
    decodeCreateBody(json);
  } catch (error) {
    assert.instance(error, MinidockError);
    return (error as Error).message;
  }
  return '';
};

// Each as Docker 20.10 says it of POST /containers/create.
test('what does not fit is refused in Go’s words', () => {
  const inField = (rest: string) => `json: cannot unmarshal ${rest}`;
  const cases: [json: string, message: string][] = [
    [
      '{"HostConfig":{"Memory":"x"}}',
      inField('string into Go struct field HostConfig.HostConfig.Memory of type int64'),
    ],
    ['{"Image":5}', inField('number into Go struct field ContainerConfigWrapper.Image of type string')],
    [
      '{"HostConfig":{"Memory":1.5}}',
      inField('number 1.5 into Go struct field HostConfig.HostConfig.Memory of type int64'),
    ],
    [
      '{"HostConfig":{"Memory":99999999999999999999}}',
      inField('number 99999999999999999999 into Go struct field HostConfig.HostConfig.Memory of type int64'),
    ],
    [
      '{"HostConfig":{"BlkioWeight":70000}}',
      inField('number 70000 into Go struct field HostConfig.HostConfig.BlkioWeight of type uint16'),
    ],
    [
      '{"HostConfig":[]}',
      inField('array into Go struct field ContainerConfigWrapper.HostConfig of type container.HostConfig'),
    ],
    [
      '{"HostConfig":{"Mounts":[{"Type":"bind","BindOptions":{"NonRecursive":"x"}}]}}',
      inField('string into Go struct field BindOptions.HostConfig.Mounts.BindOptions.NonRecursive of type bool'),
    ],
    [
      '{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}}',
      inField('number into Go struct field PortBinding.HostConfig.PortBindings.HostPort of type string'),
    ],
    ['{"Cmd":{"a":1}}', inField('object into Go struct field ContainerConfigWrapper.Cmd of type string')],
    ['{"Cmd":[1]}', inField('array into Go struct field ContainerConfigWrapper.Cmd of type string')],
    ['{"Env":{"a":1}}', inField('object into Go struct field ContainerConfigWrapper.Env of type []string')],
    ['{"Labels":{"a":1}}', inField('number into Go struct field ContainerConfigWrapper.Labels of type string')],
    ['{"Tty":"yes"}', inField('string into Go struct field ContainerConfigWrapper.Tty of type bool')],
    [
      '{"Healthcheck":{"Interval":"5s"}}',
      inField('string into Go struct field HealthConfig.Healthcheck.Interval of type time.Duration'),
    ],
    [
      '{"image":"i","hostconfig":{"memory":"q"}}',
      inField('string into Go struct field HostConfig.HostConfig.Memory of type int64'),
    ],
    ['[1]', inField('array into Go value of type runconfig.ContainerConfigWrapper')],
    ['"x"', inField('string into Go value of type runconfig.ContainerConfigWrapper')],
    ['', 'EOF'],
    [' \n', 'EOF'],
    ['{"Image":"i"', 'unexpected EOF'],
    ['nul', 'unexpected EOF'],
    ['{bad', "invalid character 'b' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ['{"a":[1 2]}', "invalid character '2' after array element"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"a":-}', "invalid character '}' in numeric literal"],
    ['{"a":1.}', "invalid character '}' after decimal point in numeric literal"],
    ['{"a":"\\q"}', "invalid character 'q' in string escape code"],
    ['{"a":"\n"}', "invalid character '\\n' in string literal"],
    [`${'['.repeat(20_000)}`, 'exceeded max depth'],
  ];
  for (const [json, message] of cases) assert.is(failure(json), message, json);
});

test('what fits is read as Go reads it', () => {
  const cases: [json: string, data: unknown][] = [
    ['null', {}],
    ['{"Image":"a"} trailing', { Image: 'a' }],
    ['{"image":"a","IMAGE":"b"}', { Image: 'b' }],
    ['{"Unknown":{"x":[1,{}]},"Image":"a"}', { Image: 'a' }],
    ['{"Cmd":"ls","Entrypoint":["a",null]}', { Cmd: ['ls'], Entrypoint: ['a', ''] }],
    [
      '{"HostConfig":{"Memory":5},"HostConfig":{"PidsLimit":null,"CpuShares":2}}',
      {
        HostConfig: { Memory: 5, PidsLimit: null, CpuShares: 2 },
      },
    ],
    ['{"Labels":{"a":"b"},"Labels":{"c":"\\u00e9"}}', { Labels: { a: 'b', c: 'é' } }],
    ['{"Labels":null,"Tty":null}', { Labels: null, Tty: undefined }],
  ];
  for (const [json, data] of cases) assert.equal(decodeCreateBody(json), data, json);
});

test.run();
