import { version } from '../../../version.ts';
import { newest, oldest } from '../../server/version.ts';

/**
 * What GET /version and `minidock version` tell of an engine, by Docker's keys.
 *
 * @param kernel release of the kernel that it runs on
 */
export function engineFacts(kernel: string) {
  const about = {
    ApiVersion: `1.${newest}`,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    KernelVersion: kernel,
    MinAPIVersion: `1.${oldest}`,
    Os: 'linux',
  };
  const component = { Name: 'Engine', Version: version, Details: { ...about, Experimental: 'false' } };
  return { ...about, Version: version, Platform: { Name: 'minidock' }, Components: [component] };
}
