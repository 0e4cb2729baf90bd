import { MinidockError } from '../../errors.ts';
import type { Spec } from '../../oci/runtime-spec.ts';

/**
 * Refuses what config.json may ask for (OCI runtime spec 1.0.2) and no step does: a container is never made with less than
 * was asked for.
 *
 * @throws {MinidockError} `unsupported-spec`
 */
export function refuseUnsupported(spec: Spec): void {
  for (const [point, [hook]] of Object.entries(spec.hooks ?? {}))
    if (hook !== undefined) throw unsupported(`the ${point} hook ${JSON.stringify(hook.path)}`, 'hooks are not run');
  for (const { destination, options } of spec.mounts)
    for (const option of options)
      if (notDone.has(option))
        throw unsupported(`the option "${option}" of the mount on ${destination}`, 'mount(2) has no such flag');
  const seen = new Set<string>();
  for (const { type, path } of spec.linux.namespaces) {
    if (type === 'user') throw unsupported('a user namespace', 'ids are not mapped');
    if (type === 'mount' && path !== undefined)
      throw unsupported(`the mount namespace ${path}`, 'the root file system is made in a mount namespace of its own');
    if (seen.has(type)) throw unsupported(`two ${type} namespaces`, 'a process is in one of each kind');
    seen.add(type);
  }
  if (!seen.has('mount'))
    throw unsupported("the host's mount namespace", 'what is mounted in the container would be mounted on the host');
  if (spec.hostname !== undefined && !seen.has('uts'))
    throw unsupported(
      `the hostname ${JSON.stringify(spec.hostname)}`,
      "in the host's UTS namespace it would be the host's",
    );
}

/** Options of a mount that are orders to the runtime. */
const notDone = new Set(['tmpcopyup', 'idmap', 'ridmap', 'rro', 'rnosuid', 'rnodev', 'rnoexec']);

function unsupported(what: string, reason: string): MinidockError {
  return new MinidockError('unsupported-spec', `config.json asks for ${what}: ${reason}`, {
    fix: 'leave it out, or use a runtime that does it',
  });
}
