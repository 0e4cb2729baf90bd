import { type FlagTable, many, text, toggle } from './flags.ts';

const itself = (text: string) => text;

/** Flags before the verb. */
export const globalFlags = {
  root: text('Where images and containers are kept (default /var/lib/minidock; MINIDOCK_ROOT)', {
    completes: 'directories',
  }),
  'exec-root': text('Where the state of running containers is kept (default /run/minidock; MINIDOCK_EXEC_ROOT)', {
    completes: 'directories',
  }),
  bridge: text('Name of the bridge (default minidock0; MINIDOCK_BRIDGE)'),
  config: text('Path of daemon.json (default /etc/minidock/daemon.json; MINIDOCK_CONFIG)', { completes: 'files' }),
  host: text('Ask the daemon there: unix:///PATH or tcp://NAME:PORT (MINIDOCK_HOST)', { short: 'H' }),
  tlscacert: text(
    'With -H tcp://…: certificate of whom the daemon must be signed by (default ca.pem in MINIDOCK_CERT_PATH)',
    {
      completes: 'files',
    },
  ),
  tlscert: text('With -H tcp://…: our certificate (default cert.pem in MINIDOCK_CERT_PATH)', { completes: 'files' }),
  tlskey: text('With -H tcp://…: our key (default key.pem in MINIDOCK_CERT_PATH)', { completes: 'files' }),
  'insecure-registry': many('list', itself, 'Registry that may be spoken to without TLS: HOST, HOST:PORT or a network'),
  'registry-mirror': many('list', itself, 'URL that is asked before Docker Hub'),
  debug: toggle('Show the stack of errors', { short: 'D' }),
  version: toggle('Print the version', { short: 'v' }),
} satisfies FlagTable;
