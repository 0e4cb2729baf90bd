import { type ExecaError, execa } from 'execa';
import { eventually } from './eventually.ts';
import { findProgram } from './requires.ts';

/**
 * Runs a shell command on a terminal of its own of 33 rows and 77 columns, by script(1). `typing` waits for a pattern in
 * what the terminal showed so far, then types; its last keys may end the command. Resolves with all that was shown.
 */
export async function onTerminal(
  command: string,
  typing: [RegExp, string][],
  env: NodeJS.ProcessEnv,
): Promise<{ exitCode: number | undefined; shown: string }> {
  const client = execa(findProgram('script') ?? 'script', ['-qec', `stty rows 33 cols 77; ${command}`, '/dev/null'], {
    env: { NODE_EXTRA_CA_CERTS: undefined, ...env },
    stdin: 'pipe',
    reject: false,
    timeout: 60_000,
  });
  let shown = '';
  client.stdout.on('data', chunk => {
    shown += chunk;
  });
  for (const [pattern, keys] of typing) {
    await eventually(() => {
      if (!pattern.test(shown)) throw new Error(`${pattern} was not shown, but ${JSON.stringify(shown)}`);
    }, 20);
    client.stdin.write(keys);
  }
  const { exitCode } = (await client) as unknown as ExecaError;
  return { exitCode, shown };
}
