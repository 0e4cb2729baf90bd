import { errnoOf, MinidockError } from '../../errors.ts';
import { systemPath, systemProgram } from '../../host/programs.ts';
import { startProcess } from '../../syscalls/start-process.ts';

/**
 * The programs of the host's iptables, over nf_tables or legacy, whichever `iptables-restore` is: the same as every other user
 * of iptables on this machine gets. One process changes any number of rules; in each table all of them or none. The values are
 * names or paths.
 */
export interface Iptables {
  readonly restore: string;
  readonly save: string;
}

export const hostIptables: Iptables = { restore: 'iptables-restore', save: 'iptables-save' };

/**
 * How many seconds legacy iptables waits for its lock (/run/xtables.lock). iptables-restore knows the option since 1.6.2; older
 * ones complain and go on, as long as the value is joined to the option: a separate word would be their input file.
 */
const wait = '--wait=10';

/** Applies rules in the format of iptables-save to what is there. Rejects where one of them is refused. */
export async function restoreRules(rules: string, iptables: Iptables = hostIptables): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { status, stderr } = await run(iptables.restore, ['--noflush', wait], rules);
    if (status === 0) return;
    // Another process changed the tables meanwhile: legacy iptables then exits with 4; its version 1.4 does so without --wait,
    // too, where later ones wait.
    if (status !== 4 || attempt === 20) throw refused(iptables.restore, stderr, rules);
    await new Promise(resolve => setTimeout(resolve, 10 * attempt));
  }
}

/**
 * Applies what `change` makes of the rules that are there. Where it is refused the rules are read again: what was read was
 * incomplete, or somebody changed them meanwhile. Returns what was applied; empty where `change` had nothing to do. Rejects
 * where the same is refused twice.
 */
export async function changeRules(
  change: (saved: string) => string,
  iptables: Iptables = hostIptables,
): Promise<string> {
  let tried: string | undefined;
  let refusal: unknown;
  for (;;) {
    const rules = change(await saveRules(iptables));
    if (rules === '') return '';
    if (rules === tried) throw refusal;
    try {
      await restoreRules(rules, iptables);
      return rules;
    } catch (error) {
      refusal = error;
      tried = rules;
    }
  }
}

/** All rules, or those of one table. */
export async function saveRules(iptables: Iptables = hostIptables, table?: string): Promise<string> {
  const { status, stdout, stderr } = await run(iptables.save, table === undefined ? [] : ['-t', table], '');
  if (status !== 0) throw refused(iptables.save, stderr, '');
  return stdout;
}

function refused(command: string, stderr: string, rules: string): MinidockError {
  // Where rules of legacy iptables are there as well, each call says so first: `# Warning: …`.
  const complaint = stderr.split('\n').filter(line => line !== '' && !/^# |--wait/.test(line));
  const reason = complaint[0]?.replace(/^iptables[-\w]*( v[\d.]+ \(\w+\))?:\s*/, '') ?? 'no reason given';
  const number = /line:? (\d+)/.exec(stderr)?.[1];
  const rule = number === undefined ? undefined : rules.split('\n')[Number(number) - 1];
  const denied = /permission denied|operation not permitted|must be root/i.test(stderr);
  return new MinidockError(
    denied ? 'firewall-permission' : 'firewall-refused',
    `${command} refused ${rule && rule !== 'COMMIT' ? `"${rule}"` : 'the rules'}: ${reason}`,
    {
      fix: denied
        ? 'run as root (CAP_NET_ADMIN in the network namespace of the host)'
        : '`minidock doctor` shows which tables and modules (nf_nat, xt_conntrack, xt_addrtype, xt_comment) are missing',
    },
  );
}

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(command: string, args: readonly string[], input: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const program = command.includes('/') ? command : systemProgram(command);
    if (program === undefined) return reject(missing(command));
    const child = startProcess(program, args, { env: { PATH: systemPath, LC_ALL: 'C' }, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', chunk => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', chunk => {
      stderr += chunk;
    });
    // The process may end before it has read all of its input: its exit status decides.
    child.stdin.on('error', () => {});
    child.on('error', error => reject(errnoOf(error) === 'ENOENT' ? missing(command) : error));
    child.on('close', status => resolve({ status, stdout, stderr }));
    child.stdin.end(input);
  });
}

function missing(command: string): MinidockError {
  return new MinidockError('iptables-missing', `${command} is not installed: containers on a bridge need it`, {
    fix:
      'install it (`apt-get install iptables`, `yum install iptables`), or run with --network host or none; ' +
      `it is looked for in ${systemPath}`,
  });
}
