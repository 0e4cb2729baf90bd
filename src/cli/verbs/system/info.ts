import { drivers, infoFields } from '../../../api/shapes/system/info.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { serverAt } from './version.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: { format: text(`A Go template, or 'json'`, { short: 'f', completes: ['json'] }) },
  operands: [0, 0],
  async run(context, flags) {
    const { output, host } = context;
    // Before the engine: a template that is wrong needs none.
    const print = flags.format === undefined ? printInfo : await template(flags.format);
    const engine = await context.engine();
    const info = await engine.system.info();
    const settings = { root: info.root, logDefaults: { driver: info.logDriver } };
    output.data(`${print(infoFields(info, settings), host)}\n`);
    return 0;
  },
});

type Info = ReturnType<typeof infoFields>;

/** Docker's lines, those of which minidock has something to say. */
function printInfo(info: Info, host: string | undefined): string {
  const { IndexConfigs, InsecureRegistryCIDRs, Mirrors } = info.RegistryConfig;
  const insecure = Object.values(IndexConfigs).filter(({ Secure }) => !Secure);
  return [
    'Client:',
    ' Context:    default',
    ' Debug Mode: false',
    '',
    `Server: minidock (${serverAt(host)})`,
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ` Server Version: ${info.ServerVersion}`,
    ` Storage Driver: ${info.Driver}`,
    ...info.DriverStatus.map(([name, value]) => `  ${name}: ${value}`),
    ` Logging Driver: ${info.LoggingDriver}`,
    ` Cgroup Driver: ${info.CgroupDriver}`,
    ` Cgroup Version: ${info.CgroupVersion}`,
    ' Plugins:',
    ...Object.entries(drivers).map(([kind, names]) => `  ${kind}: ${names.join(' ')}`),
    ` Swarm: ${info.Swarm.LocalNodeState}`,
    ` Runtimes: ${Object.keys(info.Runtimes).join(' ')}`,
    ` Default Runtime: ${info.DefaultRuntime}`,
    ' Security Options:',
    '  seccomp',
    '   Profile: default',
    ` Kernel Version: ${info.KernelVersion}`,
    ` Operating System: ${info.OperatingSystem}`,
    ` OSType: ${info.OSType}`,
    ` Architecture: ${info.Architecture}`,
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ` Name: ${info.Name}`,
    ` ID: ${info.ID}`,
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ' Debug Mode: false',
    ` Registry: ${info.IndexServerAddress}`,
    ' Insecure Registries:',
    ...insecure.map(({ Name }) => `  ${Name}`),
    ...InsecureRegistryCIDRs.map(network => `  ${network}`),
    ...(Mirrors.length > 0 ? [' Registry Mirrors:', ...Mirrors.map(url => `  ${url}`)] : []),
    ' Live Restore Enabled: false',
  ].join('\n');
}

/** `7.758GiB` */
function binarySize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** unit).toPrecision(4))}${units[unit]}`;
}

async function template(format: string): Promise<(info: Info) => string> {
  const [{ compileTemplate }, { inWordsOf }, { encodeJson }, { value }, { info }] = await Promise.all([
    import('../../template/render.ts'),
    import('../../template/errors.ts'),
    import('../../../api/go/json.ts'),
    import('../../../api/go/values.ts'),
    import('../../../api/shapes/system/info-type.ts'),
  ]);
  if (format === 'json') return data => encodeJson(value(info, data));
  const words = { parse: 'template parsing error: ', execute: '', exitCode: 64 };
  const compiled = inWordsOf(words, () => compileTemplate(format));
  return data => inWordsOf(words, () => compiled(value(info, data)));
}
