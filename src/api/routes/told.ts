/**
 * What an action tells while it works, line by line. Who stops reading ends nothing: the action has an abort of its own. It begins when
 * the first line is asked for, and what it throws comes after the lines.
 */
export async function* told<T>(run: (tell: (line: T) => void) => Promise<unknown>): AsyncGenerator<T> {
  const lines: T[] = [];
  let wake = () => {};
  let done = false;
  const end = run(line => {
    lines.push(line);
    wake();
  }).finally(() => {
    done = true;
    wake();
  });
  // Seen at the end; unheard before, it would end the process.
  end.catch(() => {});
  for (;;) {
    yield* lines.splice(0);
    if (lines.length > 0) continue;
    if (done) break;
    await new Promise<void>(resolve => {
      wake = resolve;
    });
  }
  await end;
}
