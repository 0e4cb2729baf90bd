/** The command that runs another one in a network namespace of its own, with nothing but `lo`: unshare(1), ip-link(8). */
export function inOwnNetwork(command: readonly string[]): string[] {
  return ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command];
}
