/** Set for the process that runs a lesson in a user namespace of an ordinary user: see rootless.ts. */
export const ROOTLESS = 'MINIDOCK_LESSON_ROOTLESS';

/** Whether this process is root of a user namespace only, into which a lesson brought it. */
export const isRootless = () => process.env[ROOTLESS] !== undefined;
