import fs from 'node:fs';
import os from 'node:os';
import { tagOf } from '../../container/logging/attributes.ts';
import { defaultLog, planOf } from '../../container/logging/config.ts';
import type { LogEntry } from '../../container/logging/parse.ts';
import { connectSyslog, type SyslogConnection } from '../../container/logging/syslog/connection.ts';
import { type Sender, syslogMessage } from '../../container/logging/syslog/message.ts';
import type { SyslogTarget } from '../../container/logging/syslog/target.ts';
import { sendNew } from '../../container/logging/unsent.ts';
import type { Running } from '../../container/observe.ts';
import type { ContainerRecord } from '../../container/record.ts';
import { parseJson, readIfPresent } from '../../state/files.ts';
import { withLock } from '../../state/lock.ts';
import { containerPaths } from '../../state/paths.ts';
import type { EngineContext } from '../context.ts';

/** Sends a container's lines to the syslog daemon that its log driver names. */
export class Delivery {
  #connection: SyslogConnection | undefined;
  readonly #target: SyslogTarget;
  readonly #sender: Sender;

  constructor(
    private readonly context: EngineContext,
    private readonly record: ContainerRecord,
  ) {
    const config = record.options.logging ?? defaultLog;
    this.#target = planOf(config).forward!;
    const running = parseJson<Running>(readIfPresent(containerPaths(context.roots, record.id).running) ?? '');
    const tag = tagOf(record, config.options.tag || '{{.ID}}');
    this.#sender = { hostname: os.hostname(), tag, pid: running?.supervisor.pid ?? process.pid };
  }

  /** Sends the lines that were not sent yet. A lock lets one process at a time do it. */
  async deliver(): Promise<void> {
    const { bundle, log, sent } = containerPaths(this.context.roots, this.record.id);
    if (!fs.existsSync(bundle)) return;
    await withLock(`${sent}.lock`, () => sendNew(log, sent, entries => this.#send(entries)), { parentMustExist: true });
  }

  async #send(entries: LogEntry[]): Promise<void> {
    const messages = entries.flatMap(entry => syslogMessage(entry, this.#target, this.#sender) ?? []);
    if (messages.length === 0) return;
    try {
      this.#connection ??= await connectSyslog(this.#target.address);
      await this.#connection.send(messages);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

/**
 * Checks that the syslog daemon can be reached, as Docker does at each start.
 *
 * @throws {MinidockError} `syslog-unreachable`
 */
export async function expectDaemon({ options }: Pick<ContainerRecord, 'options'>): Promise<void> {
  const { forward } = planOf(options.logging ?? defaultLog);
  if (forward !== undefined) (await connectSyslog(forward.address)).close();
}

/** How long a container's end waits for its last lines to be sent, in milliseconds. */
const REST_MS = 2000;

/** Sends the last lines of a container that has ended. What cannot be sent stays in the log, and goes with the next start. */
export async function deliverRest(context: EngineContext, record: ContainerRecord): Promise<void> {
  const delivery = new Delivery(context, record);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, REST_MS);
  });
  try {
    await Promise.race([delivery.deliver().catch(() => {}), late]);
  } finally {
    clearTimeout(timer);
    delivery.close();
  }
}
