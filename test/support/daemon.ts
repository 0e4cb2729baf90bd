import { type ChildProcess, spawn } from 'node:child_process';
import http from 'node:http';
import { join } from 'node:path';
import { endProcesses, onExit } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { minidockPath, type Sandbox } from './minidock.ts';

/** An answer of a daemon. */
export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** As text. */
  text: string;
  /** What the text is as JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the test asks.
  json: any;
}

/** Asks a daemon on a Unix socket: `ask('POST', '/v1.41/containers/create', {…})`. */
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

/** @param socket path of its Unix socket */
export const asking =
  (socket: string): Ask =>
  (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
      const content = isRaw ? body : JSON.stringify(body);
      const type: Record<string, string> = isRaw ? {} : { 'Content-Type': 'application/json' };
      const length = content === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(content)) };
      const options = { socketPath: socket, method, path, headers: { ...type, ...length, ...headers }, agent: false };
      const request = http.request(options, response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) });
        });
      });
      request.once('error', reject);
      request.end(content);
    });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Daemon {
  readonly process: ChildProcess;
  readonly socket: string;
  /** For clients: DOCKER_HOST. */
  readonly host: string;
  readonly ask: Ask;
  /** What it has printed so far. */
  output(): string;
  /** Sends a signal and resolves with the exit code, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
}

/**
 * Starts `minidock daemon` on a sandbox; resolves when it listens. It ends with the test's process.
 *
 * @param under a command that executes it: `unshare -m`
 */
export async function startDaemon(
  box: Sandbox,
  args: readonly string[] = [],
  under: readonly string[] = [],
): Promise<Daemon> {
  const socket = join(box.execRoot, 'minidock.sock');
  const [program = '', ...words] = [...under, minidockPath, 'daemon', ...args];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...box.env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += chunk;
    });
  onExit(() => endProcesses([child.pid ?? 0]));
  const ended = new Promise<number | string>(resolve => child.once('exit', (code, signal) => resolve(code ?? signal!)));
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`the daemon ended: ${output}`);
    return /API listens on/.test(output);
  }, 30);
  return {
    process: child,
    socket,
    host: `unix://${socket}`,
    ask: asking(socket),
    output: () => output,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await ended;
    },
  };
}
