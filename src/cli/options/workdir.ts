/** `-w`. @throws {Error} the reason */
export function readWorkdir(given: string): string {
  if (!given.startsWith('/'))
    throw new Error(`the working directory '${given}' is invalid, it needs to be an absolute path`);
  return given;
}
