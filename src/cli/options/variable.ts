/** `-e NAME=value` or `-e NAME`. @throws {Error} the reason */
export function readVariable(given: string): string {
  if (given === '' || given.startsWith('=')) throw new Error(`invalid environment variable: ${given}`);
  return given;
}
