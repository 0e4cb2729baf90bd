/** A template; what it prints, or, with an exit code, the error after `template parsing error: template: `. */
export type Case =
  | readonly [template: string, printed: string]
  | readonly [template: string, error: string, exitCode: 1 | 64];

/** The image that the cases ask: made by `docker import` with these changes, under this name. */
export const caseImage = { name: 'bb:latest', changes: ['CMD ["sh"]', 'ENV A=b'] };
