import { filterNetworks, networkFilters } from '../../../api/shapes/network/filters.ts';
import type { Network } from '../../../engine/nouns/networks.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { filterFlag, printListing, type Row, readFilters } from '../../print/listing.ts';
import { goTime } from '../../print/time.ts';

const headings: Row = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  CreatedAt: 'CREATED AT',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
};

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    filter: filterFlag('Show only those with dangling=true, driver, id, label, name, scope or type=custom', {
      short: 'f',
      completes: [
        ...['dangling=false', 'dangling=true', 'driver=bridge', 'id=', 'label=', 'name='],
        ...['scope=local', 'type=builtin', 'type=custom'],
      ],
    }),
    format: text(`'table', 'table TEMPLATE', 'json' or a Go template`, { completes: ['json', 'table', 'raw'] }),
    'no-trunc': toggle('Show whole ids'),
    quiet: toggle('Print ids only', { short: 'q' }),
  },
  operands: [0, 0],
  async run(context, flags) {
    const filters = readFilters(flags.filter, networkFilters);
    const { networks } = await context.engine();
    const listed = filterNetworks(await networks.list(), filters);
    const shown = (id: string) => (flags['no-trunc'] ? id : id.slice(0, 12));
    if (flags.quiet && flags.format === undefined) {
      context.output.out(listed.map(({ id }) => `${shown(id)}\n`).join(''));
      return 0;
    }
    const byName = new Map(listed.map(network => [network.name, network.labels ?? {}]));
    const sorted = [...listed].sort((a, b) => natural(a.name, b.name));
    await printListing(
      context.output,
      sorted.map(network => ({ ...rowOf(network), ID: shown(network.id) })),
      flags.format,
      {
        headings,
        columns: ['ID', 'Name', 'Driver', 'Scope'],
        type: 'network.networkContext',
        raw: flags.quiet
          ? 'network_id: {{.ID}}'
          : 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n',
        label: (row, name) => byName.get(row.Name!)?.[name] ?? '',
      },
    );
    return 0;
  },
});

function rowOf({ name, driver, created, internal = false, labels = {} }: Network): Row {
  return {
    Name: name,
    Driver: driver,
    Scope: 'local',
    CreatedAt: goTime(created),
    IPv6: 'false',
    Internal: String(internal),
    Labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(','),
  };
}

/** `n2` before `n10`, as Docker's client sorts. */
function natural(a: string, b: string): number {
  const [x, y] = [a, b].map(name => name.split(/(\d+)/)) as [string[], string[]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    if (x[i] === y[i]) continue;
    const [m, n] = [Number(x[i]), Number(y[i])];
    if (i % 2 === 1 && m !== n) return m - n;
    return x[i]! < y[i]! ? -1 : 1;
  }
  return x.length - y.length;
}
