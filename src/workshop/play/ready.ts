/** The line by which a process says that it has printed everything and now holds still until its input is closed. */
export const READY = '-- ready --';
