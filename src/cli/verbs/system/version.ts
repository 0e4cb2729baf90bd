import { arch, platform, release } from 'node:os';
import { version } from '../../../version.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: { format: text(`A Go template, or 'json'`, { short: 'f', completes: ['json'] }) },
  operands: [0, 0],
  async run({ output, host, engine }, flags) {
    const kernel = host === undefined ? release() : (await (await engine()).system.info()).kernel;
    const facts = versionFacts(kernel);
    if (flags.format === undefined) output.out(printFacts(facts, host));
    else {
      const json = flags.format === 'json';
      output.data(`${json ? JSON.stringify(facts) : await render(flags.format, facts)}\n`);
    }
    return 0;
  },
});

async function render(format: string, facts: ReturnType<typeof versionFacts>): Promise<string> {
  const [{ compileTemplate }, { inWordsOf }, { string, struct }, { value }] = await Promise.all([
    import('../../template/render.ts'),
    import('../../template/errors.ts'),
    import('../../../api/go/types.ts'),
    import('../../../api/go/values.ts'),
  ]);
  const texts = (name: string, of: object) =>
    struct(name, Object.fromEntries(Object.keys(of).map(key => [key, string])));
  const type = struct('system.versionInfo', {
    Client: texts('system.clientVersion', facts.Client),
    Server: texts('types.Version', facts.Server),
  });
  return inWordsOf({ parse: 'template parsing error: ', execute: '', exitCode: 64 }, () =>
    compileTemplate(format, 'version')(value(type, facts)),
  );
}

/** Docker's key names; the client and the engine are of one version, or do not speak with each other. */
function versionFacts(kernel: string) {
  const common = { Version: version, Os: platform(), Arch: arch() === 'x64' ? 'amd64' : arch() };
  return {
    Client: { ...common, NodeVersion: process.version },
    Server: { ...common, KernelVersion: kernel },
  };
}

/** Who the engine is. */
export const serverAt = (host: string | undefined): string =>
  host === undefined ? 'no daemon: the engine runs inside the command' : `the daemon at ${host}`;

function printFacts({ Client, Server }: ReturnType<typeof versionFacts>, host: string | undefined): string {
  return [
    'Client: minidock',
    ` Version:           ${Client.Version}`,
    ` Node.js version:   ${Client.NodeVersion}`,
    ` OS/Arch:           ${Client.Os}/${Client.Arch}`,
    '',
    `Server: minidock (${serverAt(host)})`,
    ` Version:           ${Server.Version}`,
    ` Kernel version:    ${Server.KernelVersion}`,
    ` OS/Arch:           ${Server.Os}/${Server.Arch}`,
    '',
  ].join('\n');
}
