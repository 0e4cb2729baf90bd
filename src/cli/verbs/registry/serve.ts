import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { errnoOf, MinidockError } from '../../../errors.ts';
import { integer, toggle } from '../../grammar/flags.ts';
import { defineVerb } from '../../grammar/verb.ts';
import { interruptible } from '../../terminal/interrupt.ts';

const defaultPort = 5000;

export const verb = defineVerb({
  synopsis: '[OPTIONS]',
  flags: {
    lan: toggle('Serve other machines too, without encryption and passwords'),
    port: integer(`Port to listen on (default ${defaultPort}; 0 takes any)`, { short: 'p' }),
    quiet: toggle('Print no line for each request', { short: 'q' }),
    'read-only': toggle('Take no pushes'),
  },
  local: 'it serves the files of an engine of this machine',
  operands: [0, 0],
  async run({ engine, settings, output }, flags) {
    const { root } = settings;
    await engine();
    const { serve } = await import('../../../registry/server/serve.ts');
    const { port = defaultPort } = flags;
    if (port < 0 || port > 65535)
      throw new MinidockError('invalid-argument', `port ${port} is not between 0 and 65535`);
    const server = await serve({
      layout: path.join(root, 'images'),
      root: flags['read-only'] ? undefined : root,
      host: flags.lan ? '0.0.0.0' : '127.0.0.1',
      port,
      onRequest: ({ client, method, path, status, milliseconds }) => {
        const line = `${new Date().toISOString()} ${client} ${method} ${path.slice(0, 300)} ${status} ${milliseconds}ms\n`;
        if (!flags.quiet) output.out(line);
      },
    }).catch(error => {
      throw explain(error, port);
    });
    output.out(banner(server.port, flags.lan, flags['read-only'], root));
    try {
      await interruptible(
        signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      );
    } catch (error) {
      if (!(error instanceof MinidockError && error.code === 'interrupted')) throw error;
      output.out('registry stopped\n');
    } finally {
      await server.close();
    }
    return 0;
  },
});

function banner(port: number, lan: boolean, readOnly: boolean, root: string): string {
  const lines = [`Registry of the images in ${root}${readOnly ? ', read-only' : ''}`];
  lines.push(`  on this machine   localhost:${port}`);
  const addresses = lan ? lanAddresses() : [];
  for (const address of addresses) lines.push(`  in the network    ${address}:${port}`);
  if (lan && addresses.length === 0) lines.push('  in the network    (this machine has no address but its own)');
  if (addresses.length > 0) {
    const rule = JSON.stringify({ 'insecure-registries': addresses.map(address => `${address}:${port}`) });
    const host = `${addresses[0]}:${port}`;
    lines.push(
      '',
      'It speaks plain http and asks for no password. Others pull from it and push to it so:',
      '',
      `  minidock --insecure-registry ${host} pull ${host}/NAME`,
      '',
      'The flag is not needed (and Docker can do it too) where this stands in /etc/minidock/daemon.json',
      '(Docker: /etc/docker/daemon.json, then restart it):',
      '',
      `  ${rule}`,
    );
  }
  return `${lines.join('\n')}\n\nCtrl-C stops it\n`;
}

/** IPv4 addresses that others may reach; bridges of engines are none. */
function lanAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(?:lo|docker|br-|veth|minidock|podman|cni|virbr)/.test(name))
    .flatMap(([, addresses = []]) => addresses)
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

function explain(error: unknown, port: number): unknown {
  if (errnoOf(error) !== 'EADDRINUSE') return error;
  return new MinidockError('port-in-use', `port ${port} is already in use`, {
    cause: error,
    fix: `choose another with --port, or see who has it: ss -ltnp 'sport = :${port}'`,
  });
}
