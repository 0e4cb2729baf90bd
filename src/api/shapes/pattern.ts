/** Whether a regular expression fits a name, as Docker's filter `name` has it; one that is none stands for itself. */
export function matchesPattern(name: string, pattern: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return name.includes(pattern);
  }
}
