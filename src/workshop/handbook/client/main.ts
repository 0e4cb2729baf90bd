import { offerLive } from './live.ts';
import { element, find, say } from './page.ts';
import { startSearch } from './search.ts';
import { Stepper } from './stepper.ts';

/** The choice is kept where the browser lets a page keep anything. */
function startTheme(): void {
  find('theme').addEventListener('click', () => {
    const { dataset } = document.documentElement;
    dataset.theme = dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem('minidock-theme', dataset.theme);
    } catch {
      // A page of a disk may keep nothing in some browsers.
    }
  });
}

/** On a narrow screen the contents lie behind a button. */
function startMenu(): void {
  const button = find('menu');
  button.addEventListener('click', () => {
    const open = document.body.classList.toggle('menu');
    button.setAttribute('aria-expanded', String(open));
  });
  document.querySelector('#contents .here')?.scrollIntoView({ block: 'nearest' });
}

/** The other language at the same place: parts stand in the same order in both. */
function startLanguage(): void {
  const link = find<HTMLAnchorElement>('other');
  link.addEventListener('click', () => {
    const headings = [...document.querySelectorAll<HTMLElement>('main :is(h1, h2, h3)')];
    const at = headings.findLastIndex(heading => heading.getBoundingClientRect().top < 120);
    if (at > 0) link.hash = `at=${at}`;
  });
  const given = /^#at=(\d+)$/.exec(location.hash)?.[1];
  if (given !== undefined) document.querySelectorAll('main :is(h1, h2, h3)')[Number(given)]?.scrollIntoView();
}

function startCopying(): void {
  if (!navigator.clipboard) return;
  for (const block of document.querySelectorAll<HTMLElement>('main pre:not(.output)')) {
    const button = element('button', say('copy'), 'copy');
    button.type = 'button';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.querySelector('code')!.textContent!);
      button.textContent = say('copied');
      setTimeout(() => {
        button.textContent = say('copy');
      }, 1500);
    });
    block.append(button);
  }
}

startTheme();
startMenu();
startLanguage();
startSearch();
startCopying();
for (const program of document.querySelectorAll<HTMLElement>('.program')) offerLive(new Stepper(program));
