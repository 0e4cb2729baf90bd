import { figureToElement } from '../../figure/svg.ts';
import { type Evidence, holds } from '../../play/evidence.ts';
import { inWords } from '../../text/found.ts';
import type { Language } from '../../text/language.ts';
import type { Recording } from '../record/recording.ts';
import { words } from '../words.ts';
import { escapeHtml, jsonHtml } from './html.ts';
import { tableHtml } from './steps.ts';

/** A program as it ran, or why there is nothing of it to show. */
export type Ran = { readonly recording: Recording } | { readonly without: 'noProgram' } | { readonly failed: string };

export function ranHtml(ran: Ran, language: Language): string {
  const hint = (text: string) => `<p class="hint">${escapeHtml(text)}</p>`;
  if ('failed' in ran) return hint(words.notRecorded[language] + ran.failed);
  if ('without' in ran) return hint(words.noProgram[language]);
  return `${hint(words.programAbout[language])}\n${programHtml(ran.recording, language)}`;
}

/**
 * A recorded program: the stepper, which a script fills from the data beside it; the table of all steps; what the process printed
 * and what the kernel says of it. Without a script, and on paper, the last picture stands in the stepper's place.
 */
function programHtml(recording: Recording, language: Language): string {
  const last = recording.steps.findLast(({ picture }) => picture !== undefined)?.picture ?? recording.start;
  return `<div class="program">
<div class="stage"><div class="picture">${last ? figureToElement(last, language) : ''}</div></div>
${tableHtml(recording.steps, language)}
<script type="application/json">${jsonHtml({ start: recording.start, steps: recording.steps })}</script>
</div>
${outputHtml(recording.output, language)}${evidenceHtml(recording.evidence, language)}`;
}

function outputHtml(output: readonly string[], language: Language): string {
  if (output.length === 0) return '';
  return `<p>${words.prints[language]}</p>\n<pre class="output"><code>${escapeHtml(output.join('\n'))}</code></pre>\n`;
}

function evidenceHtml({ columns, facts, listings = [] }: Evidence, language: Language): string {
  const [host, container] = columns ?? [words.onHost, words.inContainer];
  const rows = facts.map(
    fact =>
      `<tr class="${fact.host === fact.container ? 'same' : 'differs'}${holds(fact) ? '' : ' danger'}"><td>${escapeHtml(fact.what[language])}</td><td><code>${escapeHtml(inWords(fact.host, language))}</code></td><td><code>${escapeHtml(inWords(fact.container, language))}</code></td></tr>`,
  );
  const heads = [words.fact, host, container].map(text => `<th scope="col">${escapeHtml(text[language])}</th>`);
  const table = `<div class="wide evidence"><table><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
  const lists = listings.map(
    ({ title, lines }) =>
      `<p>${escapeHtml(title[language])}</p>\n<pre class="output"><code>${escapeHtml(lines.join('\n'))}</code></pre>`,
  );
  return `<h3>${words.evidence[language]}</h3>\n${facts.length > 0 ? table : ''}\n${lists.join('\n')}`;
}
