import { type ChildProcess, spawn } from 'node:child_process';

export interface FileResult {
  file: string;
  passed: number;
  failed: number;
  /** `name (reason)` each. */
  skipped: string[];
  output: string;
  milliseconds: number;
}

const running = new Set<ChildProcess>();

/** Runs one test file in its own process and process group; at the time limit SIGTERM lets it clean up, then SIGKILL. */
export async function runFile(root: string, file: string, seconds: number): Promise<FileResult> {
  const began = Date.now();
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  running.add(child);
  let output = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  child.stderr.on('data', chunk => {
    output += chunk;
  });
  let late = '';
  const limit = setTimeout(() => {
    late = `\nended after ${seconds} s\n`;
    void end(child);
  }, seconds * 1000);
  const code = await new Promise<number | string>(resolve =>
    child.once('exit', (status, signal) => resolve(status ?? signal ?? 'unknown')),
  );
  clearTimeout(limit);
  running.delete(child);
  // A grandchild that kept the pipe must not keep the runner.
  await Promise.race([new Promise(resolve => child.once('close', resolve)), new Promise(r => setTimeout(r, 500))]);
  child.stdout.destroy();
  child.stderr.destroy();
  return { file, ...judge(output + late, code), milliseconds: Date.now() - began };
}

/**
 * Counts from uvu's closing lines. A file without them (a crash, an early exit, the time limit) is one failure, as is one
 * that passed all its tests and still ended badly, and one that holds no test.
 */
export function judge(output: string, code: number | string): Omit<FileResult, 'file' | 'milliseconds'> {
  const total = /^ {2}Total: +(\d+)$/m.exec(output);
  const done = /^ {2}Passed: +(\d+)$/m.exec(output);
  const skips = Number(/^ {2}Skipped: +(\d+)$/m.exec(output)?.[1] ?? 0);
  const skipped = [...output.matchAll(/^ {2}skipped: (.+)$/gm)].map(match => match[1] ?? '');
  while (skipped.length < skips) skipped.push('a test that says test.skip');
  const passed = Number(done?.[1] ?? 0);
  if (!total || !done)
    return { passed: 0, failed: 1, skipped, output: `${output}\nended with ${code} before its tests did` };
  let failed = Number(total[1]) - passed;
  if (failed === 0 && code !== 0) return { passed, failed: 1, skipped, output: `${output}\nended with ${code}` };
  if (passed + failed + skipped.length === 0) {
    failed = 1;
    return { passed, failed, skipped, output: `${output}\nno test in this file` };
  }
  return { passed, failed, skipped, output };
}

async function end(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM');
  await Promise.race([new Promise(resolve => child.once('exit', resolve)), new Promise(r => setTimeout(r, 10_000))]);
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? 0), signal);
  } catch {}
}

/** Ends all test processes that still run, each after its own cleanup. */
export async function endRunning(): Promise<void> {
  await Promise.all([...running].map(end));
}
