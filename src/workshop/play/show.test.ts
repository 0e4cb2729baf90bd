import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Terminal } from '../terminal.ts';
import type { Language } from '../text/language.ts';
import { showEvidence } from './show.ts';

function shown(language: Language): string {
  const lines: string[] = [];
  const terminal = { width: 76, lines: (more: string[]) => lines.push(...more) } as unknown as Terminal;
  const what = { en: 'reading it', zh: '读取' };
  const facts = [
    { what, host: 'there', container: 'refused', claim: 'differs' as const },
    { what, host: 'EPERM', container: 'EPERM', claim: 'same' as const },
  ];
  showEvidence(terminal, language, { facts });
  return lines.join('\n');
}

test('what was found is told in the language of the learner; what the kernel says stays', () => {
  assert.match(shown('en'), /reading it +there +refused +≠ different/);
  assert.match(shown('zh'), /读取 +有 +被拒绝 +≠ 不同/);
  assert.match(shown('zh'), /读取 +EPERM +EPERM +=/);
});

test.run();
