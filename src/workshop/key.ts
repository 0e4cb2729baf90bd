/** A key of the learner's; `interrupt` is Ctrl-C, Ctrl-D and a terminal that went away, undefined any other, and an abort. */
export async function readKey(
  signal?: AbortSignal,
): Promise<'enter' | 'continue' | 'shell' | 'quit' | 'interrupt' | { digit: number } | undefined> {
  const { stdin } = process;
  stdin.setRawMode(true);
  stdin.resume();
  try {
    const text = await new Promise<string>(resolve => {
      const onData = (chunk: Buffer) => finish(chunk.toString('utf8'));
      const onEnd = () => finish('\x03');
      const onAbort = () => finish('');
      const finish = (answer: string) => {
        stdin.off('data', onData);
        stdin.off('end', onEnd);
        signal?.removeEventListener('abort', onAbort);
        resolve(answer);
      };
      stdin.on('data', onData);
      stdin.on('end', onEnd);
      signal?.addEventListener('abort', onAbort);
    });
    return keyOf(text);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

function keyOf(text: string): Awaited<ReturnType<typeof readKey>> {
  if (text.startsWith('\x03') || text.startsWith('\x04')) return 'interrupt';
  const char = text[0]?.toLowerCase();
  if (char === '\r' || char === '\n' || char === ' ') return 'enter';
  if (char === 'c') return 'continue';
  if (char === '!' || char === '！') return 'shell';
  if (char === 'q') return 'quit';
  return char !== undefined && /[1-9]/.test(char) ? { digit: Number(char) } : undefined;
}
