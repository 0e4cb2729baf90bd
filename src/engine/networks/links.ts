import { hostsLine, type Linked, linkVariables, readLink } from '../../container/links.ts';
import { observe } from '../../container/observe.ts';
import type { ContainerOptions, ContainerRecord } from '../../container/record.ts';
import { MinidockError } from '../../errors.ts';
import { flocks } from '../../host/locks.ts';
import { endpointsOf, hasNames, modeOf } from '../../network/attachment.ts';
import type { EngineContext } from '../context.ts';

/**
 * The options of a container with its links as they are recorded. On the default network a link names its container by full id,
 * which stays when names change; on other networks it stays a name, which DNS looks up at each question.
 *
 * @throws {MinidockError} `bad-link`, and `invalid-argument` for a container that is not there
 */
export function withLinkIds(context: EngineContext, options: ContainerOptions): ContainerOptions {
  const { links, network } = options;
  if (links === undefined || links.length === 0) return options;
  const mode = modeOf(network);
  if (mode === 'host' || mode === 'container')
    throw new MinidockError(
      'bad-link',
      `conflicting options: ${mode} type network${mode === 'host' ? 'ing' : ''} can't be used with links`,
      {
        fix: 'leave --link out, or choose another --network: there are no names to give in a network that is not its own',
      },
    );
  // As in Docker it must be there, though it gives no name where there is no network.
  if (network === 'none') for (const link of links) withId(context, link);
  if (network !== 'bridge') return options;
  return { ...options, links: links.map(link => withId(context, link)) };
}

function withId(context: EngineContext, link: string): string {
  const { name, alias } = readLink(link);
  try {
    return `${context.store.resolve(name)}:${alias}`;
  } catch (error) {
    if (!(error instanceof MinidockError)) throw error;
    throw new MinidockError('invalid-argument', `could not get container for ${name}: ${error.message}`, {
      fix: error.fix,
    });
  }
}

/**
 * What a container on the default network gets at its start from the containers that it is linked to: lines of /etc/hosts, and
 * variables.
 */
export function linksFor(context: EngineContext, record: ContainerRecord): { hosts: string[]; variables: string[] } {
  const linked = linkedTo(context, record, error => {
    throw error;
  });
  return { hosts: linked.map(hostsLine), variables: linked.flatMap(one => linkVariables(record.name, one)) };
}

/** The variables of links for an `exec`: those of linked containers that still run. */
export function linkVariablesNow(context: EngineContext, record: ContainerRecord): string[] {
  return linkedTo(context, record, () => {}).flatMap(one => linkVariables(record.name, one));
}

function linkedTo(context: EngineContext, record: ContainerRecord, missing: (error: MinidockError) => void): Linked[] {
  const { links = [], network } = record.options;
  if (network !== 'bridge') return [];
  return links.flatMap(link => {
    const { name: id, alias } = readLink(link);
    const target = context.store.read(id);
    const name = target?.name ?? id.slice(0, 12);
    if (target === undefined || observe(context.roots, id, flocks).kind !== 'running') {
      missing(
        new MinidockError('bad-link', `Cannot link to a non running container: /${name} AS /${record.name}/${alias}`, {
          fix: target ? `start it first: minidock start ${name}` : 'make the container anew, without this link',
        }),
      );
      return [];
    }
    const address = endpointsOf(target).find(one => !hasNames(one))?.address;
    if (address !== undefined) return [{ alias, address, target }];
    missing(
      new MinidockError('bad-link', `Cannot link to /${name}, as it does not belong to the default network`, {
        fix: `connect it: minidock network connect bridge ${name}`,
      }),
    );
    return [];
  });
}

/** The links of the default network as Docker shows them, `/db:/web/store`. Links to containers that are gone are left out. */
export function shownLinks(
  { store }: Pick<EngineContext, 'store'>,
  { name, options: { links = [], network } }: Pick<ContainerRecord, 'name' | 'options'>,
): string[] {
  return links.flatMap(link => {
    const { name: id, alias } = readLink(link);
    const target = network === 'bridge' ? store.nameOf(id) : '';
    return target === '' ? [] : [`/${target}:/${name}/${alias}`];
  });
}
