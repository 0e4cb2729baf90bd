import { loadVerb } from '../load-verb.ts';
import { verbs } from '../verbs.ts';
import { programHelp, verbHelp } from './help.ts';

/** docs/cli.md: the help of every verb. `node scripts/architecture.mjs --write` puts it there. */
export async function cliReference(): Promise<string> {
  const sections = [`## minidock\n\n${fenced(await programHelp())}`];
  for (const [name, { summary }] of Object.entries(verbs)) {
    const { verb } = await loadVerb(name)!;
    sections.push(`## minidock ${name}\n\n${fenced(await verbHelp(name, summary, verb))}`);
  }
  const origin = 'Generated from the flag tables in src/cli/verbs by `node scripts/architecture.mjs --write`.';
  return `# The command line\n\n${origin}\n\n${sections.join('\n')}`;
}

function fenced(help: string): string {
  return `\`\`\`text\n${help}\`\`\`\n`;
}
