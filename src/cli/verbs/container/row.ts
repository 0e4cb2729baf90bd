import { timeAgo } from '../../../api/shapes/ago.ts';
import { portsOf } from '../../../api/shapes/container/ports.ts';
import { networkNames, shownCommand, statusName, statusOf } from '../../../api/shapes/container/status.ts';
import type { ContainerRecord } from '../../../container/record.ts';
import type { ContainerSize } from '../../../engine/nouns/containers.ts';
import type { Row } from '../../print/listing.ts';
import { ellipsis } from '../../print/table.ts';
import { goTime } from '../../print/time.ts';
import { quote } from '../../template/go/quote.ts';
import { showPorts } from './ports.ts';
import { showSize } from './size.ts';

/** The first line of `ps`, and the key of each column in templates. */
export const containerHeadings: Row = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  Ports: 'PORTS',
  Names: 'NAMES',
  CreatedAt: 'CREATED AT',
  State: 'STATE',
  Mounts: 'MOUNTS',
  Networks: 'NETWORKS',
  Labels: 'LABELS',
  LocalVolumes: 'LOCAL VOLUMES',
  Size: 'SIZE',
};

export const containerColumns = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** What `--format raw` prints of a container. */
export const rawContainer = [
  'container_id: {{.ID}}',
  'image: {{.Image}}',
  'command: {{.Command}}',
  'created_at: {{.CreatedAt}}',
  'state: {{.State}}',
  'status: {{.Status}}',
  'names: {{.Names}}',
  'labels:{{pad .Labels 1 0}}',
  'ports:{{pad .Ports 1 0}}\n',
].join('\n');

/**
 * A container as `ps` shows it.
 *
 * @param now milliseconds, as Date.now()
 * @param options.size what it takes on disk, where that was asked for
 */
export function containerRow(
  record: ContainerRecord,
  now: number,
  options: { truncate: boolean; size?: ContainerSize },
): Row {
  const command = shownCommand(record);
  return {
    ID: options.truncate ? record.id.slice(0, 12) : record.id,
    Image: record.image,
    Command: quote(options.truncate ? ellipsis(command, 20) : command),
    RunningFor: timeAgo(record.created, now),
    Status: statusOf(record, now),
    Ports: showPorts(portsOf(record)),
    Names: record.name,
    get CreatedAt() {
      return goTime(record.created);
    },
    State: statusName(record.state),
    Mounts: record.mounts
      .map(({ name, source }) => (options.truncate ? ellipsis(name ?? source, 15) : (name ?? source)))
      .join(','),
    Networks: networkNames(record).join(','),
    Labels: Object.entries(record.config.Labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    LocalVolumes: String(record.mounts.filter(({ type }) => type === 'volume').length),
    Size: options.size === undefined ? '' : showSize(options.size),
  };
}
