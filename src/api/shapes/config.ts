import { durationText } from '../../container/keeping/duration-text.ts';
import {
  bool,
  int,
  int64,
  type List,
  map,
  named,
  omitEmpty,
  pointer,
  slice,
  string,
  stringMap,
  strings,
  struct,
} from '../go/types.ts';

/** The types of Docker's API, version 1.41, that describe how a container runs: of its config and of an image's. */

/** `80/tcp`. */
export const port = named('nat.Port', string, {
  methods: {
    Port: { parameters: [], result: string, call: (port: string) => port.split('/')[0] },
    Proto: { parameters: [], result: string, call: (port: string) => port.split('/')[1] ?? 'tcp' },
    Int: { parameters: [], result: int, call: (port: string) => Number.parseInt(port, 10) || 0 },
  },
});

const nothing = struct('struct {}', {});
export const commandLine: List = { ...slice(string, 'strslice.StrSlice'), takesText: true };
const duration = named('time.Duration', int64, { text: nanoseconds => durationText(Number(nanoseconds)) });

const healthConfig = struct('container.HealthConfig', {
  Test: omitEmpty(strings),
  Interval: omitEmpty(duration),
  Timeout: omitEmpty(duration),
  StartPeriod: omitEmpty(duration),
  Retries: omitEmpty(int),
});

export const containerConfig = struct('container.Config', {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: omitEmpty(map(nothing, port, 'nat.PortSet')),
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: strings,
  Cmd: commandLine,
  Healthcheck: omitEmpty(pointer(healthConfig)),
  ArgsEscaped: omitEmpty(bool),
  Image: string,
  Volumes: map(nothing),
  WorkingDir: string,
  Entrypoint: commandLine,
  NetworkDisabled: omitEmpty(bool),
  MacAddress: omitEmpty(string),
  OnBuild: strings,
  Labels: stringMap,
  StopSignal: omitEmpty(string),
  StopTimeout: omitEmpty(pointer(int)),
  Shell: omitEmpty(commandLine),
});

export const graphDriver = struct('types.GraphDriverData', { Data: stringMap, Name: string });
