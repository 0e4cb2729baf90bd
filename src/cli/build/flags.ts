import { readExtraHost } from '../../container/options/resolver.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { type FlagTable, many, single, text, toggle, type Values } from '../grammar/flags.ts';
import { platforms } from '../options/platforms.ts';
import { resourceFlags, toResourceOptions } from '../options/resources/flags.ts';
import { securityOpt, toSecurityOpt } from '../options/security-opt.ts';
import { readVariable } from '../options/variable.ts';
import { readOutput } from './output.ts';
import { readSecret } from './secret.ts';

const limitFlags = {
  'cpu-period': resourceFlags['cpu-period'],
  'cpu-quota': resourceFlags['cpu-quota'],
  'cpu-shares': resourceFlags['cpu-shares'],
  'cpuset-cpus': resourceFlags['cpuset-cpus'],
  'cpuset-mems': resourceFlags['cpuset-mems'],
  memory: resourceFlags.memory,
  'memory-swap': resourceFlags['memory-swap'],
  'security-opt': securityOpt,
  'shm-size': resourceFlags['shm-size'],
  ulimit: resourceFlags.ulimit,
} satisfies FlagTable;

export const buildFlags = {
  'add-host': many('list', readExtraHost, 'A line of /etc/hosts while it is built: HOST:ADDRESS'),
  'build-arg': many('list', readVariable, 'Value of an ARG: NAME=value, or NAME to hand on our own'),
  'cache-from': many('list', (given: string) => given, 'Take steps from the history of this image, and no others', {
    completes: 'images',
  }),
  check: toggle('Give advice about the Dockerfile and build nothing'),
  compress: toggle('Without effect: the context is not sent anywhere'),
  'disable-content-trust': {
    ...toggle('Without effect: no signatures of images are asked for'),
    initial: true,
    read: readContentTrust,
  },
  explain: toggle('Say of each step why it missed the cache, its key, which layer it made and what is in that'),
  file: text('Dockerfile (default: Dockerfile in the context; - for standard input)', {
    short: 'f',
    completes: 'files',
  }),
  'force-rm': toggle('Remove the containers of RUN, whatever --rm says'),
  iidfile: text('Write the id of the image to a file', { completes: 'files' }),
  isolation: single('string', readIsolation, 'How RUN is isolated: default, which is the one way there is', {
    completes: ['default'],
  }),
  label: many('list', readLabel, 'Label of the image: NAME=value'),
  ...limitFlags,
  mine: toggle('Make the containers of RUN of the pieces that you wrote in the course'),
  network: single('string', readNetwork, 'Network of RUN: default, none, host, or a network', {
    completes: 'network modes',
  }),
  'no-cache': toggle('Do every step anew'),
  output: many(
    'output',
    readOutput,
    'Write the image, and give it no name here: type=local|tar|oci|docker[,dest=PATH], DIRECTORY, or - for a tar',
    { short: 'o', completes: ['type=docker,dest=', 'type=local,dest=', 'type=oci,dest=', 'type=tar,dest='] },
  ),
  platform: single('string', parsePlatform, 'What the image is for: linux/arm64', { completes: platforms }),
  progress: single('string', readProgress, 'How it is shown: auto, plain, tty (default auto)', {
    completes: ['auto', 'plain', 'tty'],
  }),
  pull: toggle('Fetch the images that FROM names, also where they are here'),
  quiet: toggle('Print the id of the image alone', { short: 'q' }),
  rm: { ...toggle('Remove the containers of RUN (default true)'), initial: true },
  secret: many('list', readSecret, 'What RUN --mount=type=secret sees: id=NAME,src=FILE or id=NAME,env=VARIABLE'),
  tag: many('list', (given: string) => given, 'Name of the image: REPOSITORY[:TAG]', { short: 't' }),
  target: text('Build this stage and what it needs'),
  trace: {
    ...single(
      'string',
      readTrace,
      'Print what the kernel answers to the syscalls that start the container of a RUN; =full unfolds every step',
    ),
    alone: 'folded',
    completes: ['folded', 'full'],
  },
} satisfies FlagTable;

/** What the flags say about limits. */
export function toLimits(flags: Values<typeof limitFlags>) {
  return {
    ...toResourceOptions({ ...initialValues(resourceFlags), ...flags }),
    ...toSecurityOpt(flags['security-opt']),
  };
}

/** Values of flags that are not given. */
const initialValues = <F extends FlagTable>(table: F): Values<F> =>
  Object.fromEntries(Object.entries(table).map(([name, { initial }]) => [name, initial])) as Values<F>;

function readNetwork(given: string): string {
  if (given === '') throw new Error('no name set for network');
  return given === 'default' ? 'bridge' : given;
}

function readIsolation(given: string): string {
  if (/^(default)?$/i.test(given)) return given;
  throw new Error('there is the isolation default, and no other');
}

function readContentTrust(given: string): boolean {
  if (toggle('').read(given, true)) return true;
  throw new Error('signatures of images are not looked at');
}

function readLabel(given: string): string {
  if (/^\s*(=|$)/.test(given)) throw new Error('a label has no name: write NAME=value');
  return given;
}

function readProgress(given: string): 'auto' | 'plain' | 'tty' {
  if (given === 'auto' || given === 'plain' || given === 'tty') return given;
  throw new Error('must be auto, plain or tty');
}

function readTrace(given: string): 'folded' | 'full' {
  if (given === 'folded' || given === 'full') return given;
  throw new Error('must be folded or full');
}
