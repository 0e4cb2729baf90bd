import { arch, platform, release } from 'node:os';
import { version } from '../../../version.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: { format: text(`A Go template, or 'json'`, { short: 'f' }) },
  operands: [0, 0],
  async run({ output }, flags) {
    const facts = versionFacts();
    if (flags.format === undefined) output.out(printFacts(facts));
    else {
      const { renderTemplate } = await import('../../template/render.ts');
      const json = flags.format === 'json';
      output.data(`${json ? JSON.stringify(facts) : renderTemplate(flags.format, facts)}\n`);
    }
    return 0;
  },
});

/** Docker's key names; the client and the engine are one program here. */
function versionFacts() {
  const common = { Version: version, Os: platform(), Arch: arch() === 'x64' ? 'amd64' : arch() };
  return {
    Client: { ...common, NodeVersion: process.version },
    Server: { ...common, KernelVersion: release() },
  };
}

function printFacts({ Client, Server }: ReturnType<typeof versionFacts>): string {
  return [
    'Client: minidock',
    ` Version:           ${Client.Version}`,
    ` Node.js version:   ${Client.NodeVersion}`,
    ` OS/Arch:           ${Client.Os}/${Client.Arch}`,
    '',
    'Server: minidock (no daemon: the engine runs inside the command)',
    ` Version:           ${Server.Version}`,
    ` Kernel version:    ${Server.KernelVersion}`,
    ` OS/Arch:           ${Server.Os}/${Server.Arch}`,
    '',
  ].join('\n');
}
