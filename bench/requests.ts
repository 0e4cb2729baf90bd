import { asking } from '../test/support/daemon.ts';
import { type BenchEngine, image } from './engines.ts';

const looks = [
  '/_ping',
  '/version',
  '/info',
  '/containers/json',
  '/containers/json?all=1',
  '/images/json',
  '/networks',
];
const others = ['/volumes', '/events?since=0&until=1', '/nowhere'];

/** So many requests, ten at once: most of them look, and every tenth belongs to a container that is made, entered and removed. */
export async function manyRequests({ command }: BenchEngine, count: number): Promise<void> {
  const ask = asking(command.at(-1)!.replace('unix://', ''));
  for (let done = 0; done < count; done += 100) {
    for (let round = 0; round < 9; round++) await Promise.all([...looks, ...others].map(path => ask('GET', path)));
    await liveOnce(ask);
  }
}

async function liveOnce(ask: ReturnType<typeof asking>): Promise<void> {
  const options = { Image: image, Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
  const { Id: id } = (await ask('POST', '/containers/create', options)).json;
  await ask('POST', `/containers/${id}/start`);
  const exec = await ask('POST', `/containers/${id}/exec`, { Cmd: ['true'] });
  await ask('POST', `/exec/${exec.json.Id}/start`, { Detach: true });
  for (const look of ['json', 'logs?stdout=1', 'stats?stream=0&one-shot=1'])
    await ask('GET', `/containers/${id}/${look}`);
  await ask('POST', `/containers/${id}/stop?t=0`);
  await ask('POST', `/containers/${id}/wait`);
  await ask('DELETE', `/containers/${id}`);
}
