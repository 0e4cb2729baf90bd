import { parseArgs } from 'node:util';

export const usage = `Usage: npm run bench [-- OPTIONS]

  --only WORD  jobs whose name contains the word
  --quick      3 runs of each job
  --runs N     so many of each job (15; long ones 6 at most)
  --json       the figures as JSON
  --write      brings the tables of both READMEs up to date

A whole run takes a quarter of an hour.`;

export interface BenchOptions {
  readonly only: string;
  readonly runs: { readonly most: number; readonly long: number };
  readonly json: boolean;
  readonly writes: boolean;
  readonly help: boolean;
}

/** Throws one line that names the option. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { only, quick, write, help } = values;
  const most = Number(values.runs ?? (quick ? 3 : 15));
  if (!Number.isInteger(most) || most < 1) throw new Error(`--runs ${values.runs}: it takes a whole number from 1 on`);
  if (write && only !== '') throw new Error('--write takes the whole table, so it goes without --only');
  // npm takes `npm run bench --json` for its own.
  const json = values.json || env.npm_config_json === 'true';
  return { only, runs: { most, long: Math.min(most, 6) }, json, writes: write, help };
}
