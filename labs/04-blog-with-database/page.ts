import type { Finding } from '../../src/workshop/exercise/types.ts';
import { finding } from '../../src/workshop/lab/kit/finding.ts';

/** Milliseconds in which the page must have come. */
const patience = 10_000;

/** The page at a port of this machine, asked for over HTTP, has this line. The hint is what the page says instead. */
export async function pageHas(port: number, line: string): Promise<Finding> {
  const address = `http://127.0.0.1:${port}/`;
  const { status, lines } = await ask(address);
  const said = lines.join(' / ') || '-';
  return finding(
    status === 200 && lines.includes(line),
    { en: `${address} has the line ${line}`, zh: `${address} 有一行 ${line}` },
    status === undefined
      ? { en: 'nobody answers there', zh: '那里没有应答' }
      : { en: `status ${status}, and the page says: ${said}`, zh: `状态 ${status}，页面内容：${said}` },
  );
}

async function ask(address: string): Promise<{ status?: number; lines: readonly string[] }> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(patience) });
    const text = await response.text();
    const lines = text.split('\n').map(one => one.trim());
    return { status: response.status, lines: lines.filter(Boolean) };
  } catch {
    return { lines: [] };
  }
}
