/** Output of the set-up: what it is about to do on stdout, what went wrong, in one message with its remedy, on stderr. */

const colour = process.stdout.isTTY && !process.env.NO_COLOR && !process.env.CI;
const paint = code => text => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

const bold = paint('1');

/** Announces a step before it is taken. */
export function say(text) {
  process.stdout.write(`${bold('setup')} ${text}\n`);
}

/** A condition the user can mend. Printed without a stack trace; the process then exits with 1. */
export class SetupError extends Error {
  /**
   * @param {string} message one line: what is missing, and what for
   * @param {string} [fix] the command that mends it
   * @param {string} [detail] the failed tool's own last words
   */
  constructor(message, fix, detail) {
    super(message);
    this.fix = fix;
    this.detail = detail;
  }
}

/** Ends the set-up after Ctrl-C or SIGTERM, with the exit code a shell gives for that signal. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}
