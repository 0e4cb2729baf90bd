import type { SystemInfo } from '../../../engine/nouns/system.ts';
import { version } from '../../../version.ts';
import type { Settings } from '../../context.ts';
import { text } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: { format: text(`A Go template, or 'json'`, { short: 'f', completes: ['json'] }) },
  operands: [0, 0],
  async run(context, flags) {
    const { output, settings } = context;
    // Before the engine: a template that is wrong needs none.
    const print = flags.format === undefined ? printInfo : await template(flags.format);
    const engine = await context.engine();
    output.data(`${print(shape(await engine.system.info(), settings))}\n`);
    return 0;
  },
});

type Info = ReturnType<typeof shape>;

const drivers = {
  Volume: ['local'],
  Network: ['bridge', 'host', 'none'],
  Log: ['json-file', 'local', 'none'],
};

/** As Docker's API shows it. */
function shape(info: SystemInfo, settings: Settings) {
  const { running, paused, stopped } = info.containers;
  return {
    ID: info.id,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: info.images,
    Driver: 'overlay2',
    DriverStatus: [['Backing Filesystem', info.fileSystem]],
    Plugins: { ...drivers, Authorization: null },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    OomKillDisable: info.cgroupVersion === 1,
    SystemTime: new Date().toISOString(),
    LoggingDriver: settings.logDefaults.driver || 'json-file',
    CgroupDriver: info.cgroupVersion === undefined ? 'none' : 'cgroupfs',
    CgroupVersion: info.cgroupVersion === undefined ? '' : String(info.cgroupVersion),
    KernelVersion: info.kernel,
    OperatingSystem: info.operatingSystem,
    OSVersion: info.osVersion,
    OSType: 'linux',
    Architecture: process.arch === 'x64' ? 'x86_64' : 'aarch64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    NCPU: info.cpus,
    MemTotal: info.memory,
    DockerRootDir: settings.root,
    Name: info.hostname,
    Labels: [],
    ServerVersion: version,
    Runtimes: { minidock: {} },
    DefaultRuntime: 'minidock',
    Swarm: { LocalNodeState: 'inactive' },
    SecurityOptions: ['name=seccomp,profile=default', ...(info.cgroupVersion === 2 ? ['name=cgroupns'] : [])],
    ClientInfo: { Context: 'default', Plugins: [] },
  };
}

/** Docker's lines, those of which minidock has something to say. */
function printInfo(info: Info): string {
  return [
    'Client:',
    ' Context:    default',
    ' Debug Mode: false',
    '',
    'Server: minidock (no daemon: the engine runs inside the command)',
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
    import('../../template/go/json.ts'),
    import('../../template/go/values.ts'),
    import('../../docker-types/info.ts'),
  ]);
  if (format === 'json') return data => encodeJson(value(info, data));
  const words = { parse: 'template parsing error: ', execute: '', exitCode: 64 };
  const compiled = inWordsOf(words, () => compileTemplate(format));
  return data => inWordsOf(words, () => compiled(value(info, data)));
}
