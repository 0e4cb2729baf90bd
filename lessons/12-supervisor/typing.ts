import fs from 'node:fs';
import type { Stdio } from '../../src/container/process/stdio.ts';
import { pieces } from '../../src/engine/compile/pieces.ts';
import { hostFacts } from '../../src/host/facts.ts';
import type { Evidence } from '../../src/workshop/play/evidence.ts';
import { keep, ready, shell, smallContainer } from './container.ts';

const user = { uid: 0, gid: 0 };

/** The byte that a keyboard sends for Ctrl-C, ETX, and Enter. */
const interrupt = '\x03\n';

/** Says what it is connected to; then takes one line, or a signal. */
const script = `[ -t 1 ] && echo "terminal: yes" || echo "terminal: no"
# The size comes by the supervisor, which may be slower than this.
while [ -t 0 ] && [ "$(stty size)" = '0 0' ]; do sleep 0.1; done
echo "size: $(stty size 2> /dev/null)"
echo "for stderr" >&2
trap 'echo "Ctrl-C: SIGINT"; exit 130' INT
${ready}
if [ -t 0 ]; then while [ -e "$LESSON/typing" ]; do sleep 0.1; done; else read byte; echo "Ctrl-C: a byte to read"; fi`;

/** The same container on three pipes and on a pseudo-terminal: what it sees, and what becomes of Ctrl-C. */
export async function pipesOrTerminal(scratch: string, tell: (line: string) => void): Promise<Evidence> {
  const connect = (name: string, stdio: Stdio) => {
    const program = smallContainer({ command: shell(script, scratch), uid: user.uid, stdio });
    return keep(
      program,
      async ({ shim, output, heard }) => {
        tell(`${name}: ^C, Enter   # bytes 3 and 10`);
        await shim.client.write(Buffer.from(interrupt));
        const status = await shim.exited;
        const said = (what: string) =>
          [...output, ...heard.stdout.split(/\r?\n/)]
            .find(line => line.startsWith(`${what}: `))
            ?.slice(what.length + 2);
        return {
          terminal: said('terminal') ?? '',
          size: said('size') || '–',
          error: heard.stderr.includes('for stderr') ? 'stderr' : heard.stdout.includes('for stderr') ? 'stdout' : '–',
          interrupt: heard.stdout.includes('SIGINT') ? 'SIGINT' : (said('Ctrl-C') ?? '–'),
          status: String(status),
        };
      },
      shim => shim.client.resize({ rows: 40, columns: 100 }),
    );
  };
  const guard = `${scratch}/typing`;
  fs.writeFileSync(guard, '');
  const pipes = await connect('pipes', pieces.pipes({ interactive: true, user }));
  const terminal = await connect('terminal', pieces.terminal({ facts: hostFacts(), console: false, user }));
  fs.rmSync(guard);
  return {
    columns: [
      { en: 'three pipes (-i)', zh: '三条管道（-i）' },
      { en: 'a terminal (-it)', zh: '一个终端（-it）' },
    ],
    facts: [
      {
        what: { en: 'is descriptor 1 a terminal?', zh: '1 号描述符是终端吗' },
        host: pipes.terminal,
        container: terminal.terminal,
        claim: 'differs',
      },
      {
        what: { en: 'rows and columns (stty size)', zh: '行数和列数（stty size）' },
        host: pipes.size,
        container: terminal.size,
        claim: 'differs',
      },
      {
        what: { en: 'what was written to descriptor 2 arrives as', zh: '写到 2 号描述符的内容，送到时属于' },
        host: pipes.error,
        container: terminal.error,
        claim: 'differs',
      },
      {
        what: { en: 'Ctrl-C', zh: 'Ctrl-C' },
        host: pipes.interrupt,
        container: terminal.interrupt,
        claim: 'differs',
      },
      {
        what: { en: 'exit status', zh: '退出状态' },
        host: pipes.status,
        container: terminal.status,
        claim: 'differs',
      },
    ],
  };
}
