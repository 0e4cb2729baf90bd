import type { Shim } from '../../syscalls/shim.ts';
import type { RunningContainer } from '../engine.ts';

/** A launched container (or exec'd process) as the engine's callers see it. `exited` settles after `afterExit` did. */
export function runningContainer(
  shim: Shim,
  afterExit: (code: number) => Promise<void> = async () => {},
): RunningContainer {
  let detached = false;
  const exited = shim.exited.then(async code => {
    await shim.ended;
    await afterExit(code);
    return code;
  });
  exited.catch(() => {});
  return {
    pid: shim.pid,
    exited,
    onOutput: listener => shim.onOutput(listener),
    write: chunk => shim.client.write(chunk),
    endInput: () => shim.client.end(),
    signal: number => shim.client.signal(number),
    resize: size => shim.client.resize(size),
    detach: () => {
      if (!detached) shim.detach();
      detached = true;
    },
  };
}
