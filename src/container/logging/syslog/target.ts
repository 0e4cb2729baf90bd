import fs from 'node:fs';
import type { LogConfig } from '../../options/logging.ts';
import { refused } from '../refused.ts';

/** A syslog daemon, and how it wants its messages. */
export interface SyslogTarget {
  readonly address: SyslogAddress;
  /** RFC 5424, section 6.2.1: 3 is that of daemons. */
  readonly facility: number;
  readonly format: SyslogFormat;
}

/** Without a path it is this machine's own daemon, wherever that listens. */
export type SyslogAddress =
  | { readonly protocol: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  | { readonly protocol: 'unix' | 'unixgram'; readonly path: string }
  | { readonly protocol: 'local' };

export type SyslogFormat = (typeof formats)[number];

/** The first is the BSD format as syslog(3) writes it: without a host. */
const formats = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'] as const;

/** By their numbers; Docker knows no names for those between authpriv and local0 but ftp. */
const facilities: readonly string[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['', '', '', '', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];

/** @throws {MinidockError} `invalid-argument`, in Docker's words */
export function readSyslogTarget(options: LogConfig['options']): SyslogTarget {
  return {
    address: readAddress(options['syslog-address'] ?? ''),
    facility: readFacility(options['syslog-facility'] ?? ''),
    format: readFormat(options['syslog-format'] ?? ''),
  };
}

function readAddress(given: string): SyslogAddress {
  if (given === '') return { protocol: 'local' };
  const [, scheme, rest = ''] = /^(tcp|udp|unix|unixgram|tcp\+tls):\/\/(.*)$/.exec(given) ?? [];
  if (scheme === undefined)
    throw refused(
      `syslog-address should be in form proto://address, got ${given}`,
      'write udp://10.0.0.5:514, for example',
    );
  if (scheme === 'tcp+tls')
    throw refused(
      `syslog-address ${given}: minidock sends no encrypted messages`,
      'give the tcp:// address of a relay on this machine',
    );
  if (scheme === 'unix' || scheme === 'unixgram') {
    if (!fs.existsSync(rest)) throw refused(`stat ${rest}: no such file or directory`, 'give the path of a socket');
    return { protocol: scheme, path: rest };
  }
  return { protocol: scheme as 'tcp' | 'udp', ...readHost(rest.replace(/[/?#].*/, '')) };
}

function readHost(given: string): { host: string; port: number } {
  const [, inBrackets, plain = '', , port = '514'] = /^(?:\[([^\]]*)\]|([^:]*))(:(\d*))?$/.exec(given) ?? [
    undefined,
    undefined,
    given,
  ];
  if (plain.includes(':'))
    throw refused(`address ${given}: too many colons in address`, 'write an IPv6 address in brackets');
  if (Number(port) > 65_535) throw refused(`address ${port}: invalid port`, 'a port is at most 65535');
  return { host: inBrackets ?? (plain || 'localhost'), port: Number(port) };
}

function readFacility(given: string): number {
  if (given === '') return 3;
  const number = facilities.indexOf(given);
  if (number >= 0) return number;
  if (/^\+?\d+$/.test(given) && Number(given) < facilities.length) return Number(given);
  throw refused('invalid syslog facility', `it is 0 to 23, or one of ${facilities.filter(Boolean).join(', ')}`);
}

function readFormat(given: string): SyslogFormat {
  const found = formats.find(one => one === given);
  if (found === undefined) throw refused('Invalid syslog format', `it is one of ${formats.filter(Boolean).join(', ')}`);
  return found;
}
