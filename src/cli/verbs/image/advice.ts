import { platformArguments, proxyArguments } from '../../../build/variables.ts';
import { adviseOn } from '../../../dockerfile/check.ts';
import { parseDockerfile } from '../../../dockerfile/parse.ts';
import { excerptOf } from '../../../dockerfile/source.ts';
import type { Output } from '../../print/output.ts';

/** Prints what could be better in a Dockerfile. Returns the exit code: 1 where there is something, as `docker build --check` has it. */
export function printAdvice(output: Output, { name, content }: { name: string; content: Uint8Array }): number {
  const dockerfile = parseDockerfile(name, content);
  const linux = { os: 'linux', architecture: '' };
  const advice = adviseOn(dockerfile, [...proxyArguments, ...Object.keys(platformArguments(linux, linux))]);
  for (const { rule, message, place } of advice)
    output.out(`${name}:${place.line}:${place.column}: ${rule}: ${message}\n${excerptOf(dockerfile.source, place)}\n`);
  if (advice.length === 0) output.out(`${name}: nothing to say\n`);
  return advice.length === 0 ? 0 : 1;
}
