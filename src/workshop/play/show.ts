import chalk from 'chalk';
import { MinidockError } from '../../errors.ts';
import { wrapText } from '../../syscalls/text/width.ts';
import type { Terminal } from '../terminal.ts';
import { inWords } from '../text/found.ts';
import type { Language } from '../text/language.ts';
import { cell, renderTable } from '../text/table.ts';
import { words } from '../text/words.ts';
import { type Evidence, holds } from './evidence.ts';

/** A run whose outcome is not what the lesson claims. */
export class ClaimError extends MinidockError {
  constructor(message: string) {
    super('defect', message);
  }
}

/**
 * What was found: the facts as a table, listings behind a bar. Throws a ClaimError where a fact is not as the lesson
 * claims, after all is shown.
 */
export function showEvidence(terminal: Terminal, language: Language, evidence: Evidence): void {
  const narrow = terminal.width < 60;
  if (evidence.facts.length > 0) {
    const head = [words.fact, ...(evidence.columns ?? [words.host, words.container])].map(text =>
      cell(text[language], chalk.bold),
    );
    const rows = evidence.facts.map(fact => {
      const differs = fact.host !== fact.container;
      const sign = differs ? '≠' : '=';
      const verdict = narrow ? sign : `${sign} ${(differs ? words.differs : words.same)[language]}`;
      const mark = holds(fact)
        ? cell(verdict, differs ? chalk.yellow : chalk.dim)
        : cell(`✗ ${verdict}, ${words.notAsClaimed[language]}`, chalk.red);
      const paint = differs ? chalk.bold : chalk.dim;
      const [host, container] = [fact.host, fact.container].map(found => cell(inWords(found, language), paint));
      return [cell(fact.what[language]), host!, container!, mark];
    });
    terminal.lines(renderTable([[...head, cell('')], ...rows], terminal.width, chalk.dim));
  }
  for (const listing of evidence.listings ?? []) {
    if (evidence.facts.length > 0) terminal.line();
    terminal.paragraph(listing.title[language]);
    const lines = listing.lines.length > 0 ? listing.lines : [words.nothing[language]];
    bar(terminal, lines, paintDifference);
  }
  const wrong = evidence.facts.filter(fact => !holds(fact));
  if (wrong.length > 0)
    throw new ClaimError(wrong.map(fact => `${fact.what[language]}: ${fact.host} / ${fact.container}`).join('; '));
}

function paintDifference(line: string): string {
  return line.startsWith('+') ? chalk.green(line) : line.startsWith('-') ? chalk.red(line) : line;
}

/** Lines that are not ours, each behind a bar; what is longer than the terminal goes on behind the bar as well. */
export function bar(
  terminal: Terminal,
  lines: readonly string[],
  paint: (line: string) => string = line => line,
): void {
  for (const line of lines) {
    // Wrapping drops the spaces that a line begins with, which are the structure of JSON and of a table.
    const indent = /^[ \u00a0]*/.exec(line)![0].slice(0, terminal.width / 2);
    for (const part of wrapText(line.trimStart(), terminal.width - 2 - indent.length))
      terminal.line(`${chalk.cyan.dim('│')} ${indent}${paint(part)}`);
  }
}
