/**
 * The progress of an action as lines. A reader who stops does not end the action, which has an abort of its own. It begins when
 * the first line is asked for, and its error comes after the lines.
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
  // The error is thrown at the end. Without this handler a rejection before that would end the process.
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
