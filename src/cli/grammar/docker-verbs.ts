/**
 * Docker's commands that minidock does not have, and what does the same or comes nearest here. Read only after a command
 * was not found; one that `verbs` or `groups` has by now is never looked up.
 */
export const dockerVerbs: Readonly<Record<string, string>> = {
  compose: "one 'minidock run' a container",
  service: 'minidock is an engine of one machine',
  swarm: 'minidock is an engine of one machine',
};
