import { durationText } from '../container/keeping/duration-text.ts';
import { type HealthCheck, healthAfter, readHealth, writeHealth } from '../container/keeping/health.ts';
import { observe } from '../container/observe.ts';
import type { ContainerRecord, ProbeResult } from '../container/record.ts';
import { tell } from '../engine/containers/events.ts';
import type { EngineContext } from '../engine/context.ts';
import type { Engine } from '../engine/engine.ts';
import { flocks } from '../host/locks.ts';
import { signals } from '../syscalls/uapi/flags.ts';
import type { Bell } from './bell.ts';

/** The bytes of a probe's output that are kept: Docker's number. */
const MOST_OUTPUT = 4096;

/**
 * Waits until the next probe of a running container is due, runs it and stores the result. Returns earlier when the bell rings,
 * since the container may have ended.
 */
export async function probeWhenDue(
  context: EngineContext,
  engine: Engine,
  record: ContainerRecord,
  check: HealthCheck,
  bell: Bell,
  count: number,
): Promise<void> {
  const { id } = record;
  const startedAt = Date.parse(record.state.startedAt ?? '');
  const before = readHealth(context.roots, id);
  const last = before.log.at(-1);
  const left = (last === undefined ? startedAt : Date.parse(last.end)) + check.intervalMs - Date.now();
  // A clock that was set back delays a probe no longer than its interval.
  if (left > 0) return await bell.after(count, Math.min(left, check.intervalMs));
  const now = observe(context.roots, id, flocks);
  if (now.kind === 'running' && now.paused) return await bell.after(count, check.intervalMs);
  const result = await probe(engine, id, check);
  // The container may have ended and started again meanwhile: the result is about the run before.
  const seen = observe(context.roots, id, flocks);
  if (seen.kind !== 'running' || seen.running.startedAt !== record.state.startedAt) return;
  const health = healthAfter(check, before, result, startedAt);
  writeHealth(context.roots, id, health);
  if (health.status !== before.status) tell(context, record, `health_status: ${health.status}`);
}

/** Runs the check's command in the container once, and kills it at its timeout. Never rejects: a failure is its result. */
async function probe(engine: Engine, container: string, { command, timeoutMs }: HealthCheck): Promise<ProbeResult> {
  const start = new Date().toISOString();
  const output = new Output();
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  let exec: string | undefined;
  try {
    const { id } = await engine.execs.create(container, { command, env: [], tty: false, interactive: false });
    exec = id;
    const attachment = await engine.execs.attach(id, { stdin: false, stdout: true, stderr: true });
    attachment.onOutput((_, chunk) => output.add(chunk));
    const exit = engine.execs.wait(id);
    exit.catch(() => {});
    await engine.execs.start(id);
    timer = setTimeout(() => {
      isLate = true;
      engine.execs.signal(id, signals.SIGKILL).catch(() => {});
    }, timeoutMs);
    const exitCode = await exit;
    const end = new Date().toISOString();
    if (!isLate) return { start, end, exitCode, output: output.text() };
    return { start, end, exitCode: -1, output: `Health check exceeded timeout (${durationText(timeoutMs * 1e6)})` };
  } catch (error) {
    return { start, end: new Date().toISOString(), exitCode: -1, output: (error as Error).message };
  } finally {
    clearTimeout(timer);
    if (exec !== undefined) await engine.execs.remove(exec).catch(() => {});
  }
}

/** The beginning of a probe's output, both streams as they come. */
class Output {
  readonly #chunks: Buffer[] = [];
  #room = MOST_OUTPUT;
  #isCut = false;

  add(chunk: Buffer): void {
    if (chunk.length > this.#room) this.#isCut = true;
    if (this.#room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, this.#room)));
    this.#room -= Math.min(chunk.length, this.#room);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString() + (this.#isCut ? '...' : '');
  }
}
