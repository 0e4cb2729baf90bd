import { breakLine } from '../../../syscalls/print.ts';
import { type Check, doctorChecks } from '../../doctor/checks.ts';
import { probe } from '../../doctor/probe.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: { format: text(`'json' prints the checks as data`, { completes: ['json'] }) },
  local: 'it looks at this machine',
  operands: [0, 0],
  async run({ output, settings }, flags) {
    const checks = doctorChecks(probe(settings));
    if (flags.format === 'json') output.data(`${JSON.stringify(checks, null, 2)}\n`);
    else output.out(printChecks(checks, output.columns));
    return checks.some(check => check.status === 'missing') ? 1 : 0;
  },
});

const marks = { ok: '✔', warning: '!', missing: '✘' };

/** A line a check, and under it what to do. */
export function printChecks(checks: readonly Check[], columns = Infinity): string {
  const width = Math.max(...checks.map(check => check.name.length));
  const indent = ' '.repeat(width + 4);
  const hung = (text: string) => breakLine(text, Math.max(columns - indent.length, 20)).join(`\n${indent}`);
  const lines = checks.flatMap(({ name, status, found, fix }) => [
    `${marks[status]} ${name.padEnd(width)}  ${hung(found)}`,
    ...(fix === undefined ? [] : [`${indent}${hung(`fix: ${fix}`)}`]),
  ]);
  const count = (status: Check['status']) => checks.filter(check => check.status === status).length;
  const verdict =
    count('missing') === 0 ? 'Containers can run here' : `Containers cannot run here: ${count('missing')} missing`;
  const warnings = count('warning') === 0 ? '' : `, ${count('warning')} warning${count('warning') === 1 ? '' : 's'}`;
  return `${lines.join('\n')}\n\n${verdict}${warnings}.\n`;
}
