import { release } from 'node:os';
import { engineFacts } from '../../../api/shapes/system/engine-facts.ts';
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
    else output.data(`${await render(flags.format, facts)}\n`);
    return 0;
  },
});

type Facts = ReturnType<typeof versionFacts>;

/** By Docker's fields, `{{.Server.Version}}`, or the whole as JSON. */
async function render(format: string, facts: Facts): Promise<string> {
  const [{ compileTemplate }, { inWordsOf }, { encodeJson }, { value }, { versionInfo }] = await Promise.all([
    import('../../template/render.ts'),
    import('../../template/errors.ts'),
    import('../../../api/go/json.ts'),
    import('../../../api/go/values.ts'),
    import('./version-type.ts'),
  ]);
  const shown = value(versionInfo, facts);
  if (format === 'json') return encodeJson(shown);
  return inWordsOf({ parse: 'template parsing error: ', execute: '', exitCode: 64 }, () =>
    compileTemplate(format, 'version')(shown),
  );
}

/** Docker's key names; the client and the engine are of one version, or do not speak with each other. */
function versionFacts(kernel: string) {
  const Server = engineFacts(kernel);
  const { Version, ApiVersion, Os, Arch } = Server;
  const own = { DefaultAPIVersion: ApiVersion, Context: 'default', NodeVersion: process.version };
  return { Client: { Version, ApiVersion, Os, Arch, ...own }, Server };
}

/** Who the engine is. */
export const serverAt = (host: string | undefined): string =>
  host === undefined ? 'no daemon: the engine runs inside the command' : `the daemon at ${host}`;

function printFacts({ Client, Server }: Facts, host: string | undefined): string {
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
