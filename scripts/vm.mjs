#!/usr/bin/env node
/**
 * `npm run vm`: a Debian with all that the course uses, in one file, booted by qemu. The file is built the first time, which wants root;
 * what boots it wants nothing but qemu.
 *
 *   npm run vm -- [--build-only] [--image FILE] [--memory MIB] [--forward HERE:THERE]... [--snapshot]
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Interrupted, SetupError } from './setup/say.mjs';
import { boot } from './vm/image/boot.mjs';
import { buildImage } from './vm/image/build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const usage = `usage: npm run vm -- [OPTIONS]
  --build-only          make the image, and do not boot it
  --image FILE          this image instead of .cache/vm/minidock.qcow2; where it is missing it is built
  --memory MIB          of the machine (1024)
  --forward HERE:THERE  a port of 127.0.0.1 that leads to one of the machine's (2222:22 and 8080:8080), any number of times
  --snapshot            keep nothing that is done in the machine
`;

function read(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        'build-only': { type: 'boolean', default: false },
        image: { type: 'string', default: join(root, '.cache/vm/minidock.qcow2') },
        memory: { type: 'string', default: '1024' },
        forward: { type: 'string', multiple: true, default: ['2222:22', '8080:8080'] },
        snapshot: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new SetupError(error.message.split('. ')[0], 'npm run vm -- --help');
  }
  const memory = Number(values.memory);
  if (!Number.isInteger(memory) || memory < 512)
    throw new SetupError(
      `invalid --memory "${values.memory}": a number of MiB, 512 or more`,
      'npm run vm -- --memory 1024',
    );
  const forwards = values.forward.map(text => {
    const [, here, there] = /^(\d+):(\d+)$/.exec(text) ?? [];
    if (![here, there].every(port => port >= 1 && port <= 65535))
      throw new SetupError(`invalid --forward "${text}": two ports from 1 to 65535`, 'npm run vm -- --forward 8081:80');
    return { here: Number(here), there: Number(there) };
  });
  return { ...values, memory, forwards };
}

async function main(args) {
  const options = read(args);
  if (options.help) return void process.stdout.write(usage);
  if (!existsSync(options.image)) await buildImage(root, options.image);
  else if (options['build-only'])
    process.stdout.write(`vm ${options.image} is there already; delete it to build it anew\n`);
  if (!options['build-only']) process.exitCode = await boot(options);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Interrupted) process.exitCode = error.exitCode;
  else if (error instanceof SetupError) {
    if (error.detail) process.stderr.write(`${error.detail}\n\n`);
    process.stderr.write(`vm: ${error.message}\n${error.fix ? `  fix: ${error.fix}\n` : ''}`);
    process.exitCode = 1;
  } else throw error;
}
