/**
 * Milliseconds on a clock that nobody can set, for how long something takes. It is that of `performance.now`, whose module takes
 * each command a millisecond to load.
 */
export const steadyNow = (): number => process.uptime() * 1000;
