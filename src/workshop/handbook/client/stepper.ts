import type { Figure, Item, Line } from '../../figure/figure.ts';
import { figureToElement } from '../../figure/svg.ts';
import { rowsHtml, sectionName } from '../page/steps.ts';
import type { RecordedStep, Recording } from '../record/recording.ts';
import { element, language, say } from './page.ts';

/** How long a step stays while it plays, in milliseconds. */
const PACE = 2200;

/** Who performs the next step of a program that runs now; undefined while nobody waits. */
export type Forward = (() => void) | undefined;

/**
 * A program's table as one that can be gone through: for each step what it changed, and the picture after it. It shows what was
 * recorded, or what comes in while a program runs.
 */
export class Stepper {
  /** Lets the program that waits at the end go on. */
  forward: Forward;
  /** What is said below the step at the end. */
  #note: Node | undefined;
  #start: Figure | undefined;
  readonly #steps: RecordedStep[];
  /** Which step was done last; -1 before the first. */
  #at = -1;
  #timer: number | undefined;
  readonly #body: HTMLTableSectionElement;
  readonly #picture: HTMLElement;
  readonly #caption = element('div', '', 'caption');
  readonly #slider = element('input');
  readonly #count = element('output', '', 'count');
  readonly #playing: HTMLButtonElement;
  readonly controls = element('div', '', 'controls');

  constructor(program: HTMLElement) {
    const { start, steps } = JSON.parse(program.querySelector('script')!.textContent!) as Recording;
    this.#start = start;
    this.#steps = [...steps];
    this.#body = program.querySelector('tbody')!;
    const stage = program.querySelector<HTMLElement>('.stage')!;
    this.#picture = stage.querySelector('.picture')!;
    this.#caption.setAttribute('aria-live', 'polite');
    this.#playing = this.#button('play', '▶', () => this.#play());
    this.#fillControls(stage);
    stage.prepend(this.controls, this.#caption);
    stage.tabIndex = 0;
    stage.addEventListener('keydown', event => this.#key(event));
    this.#body.addEventListener('click', event => this.#clicked(event));
    program.classList.add('ready');
    this.go(-1);
  }

  /** Forgets what was recorded: a program begins. */
  clear(): void {
    this.#stop();
    this.#start = undefined;
    this.#steps.length = 0;
    this.#note = undefined;
    this.#body.innerHTML = '';
    this.go(-1);
  }

  begin(start: Figure): void {
    this.#start = start;
    this.go(this.#at);
  }

  /** A step that came in, or more that is known of one; who looks at the end goes on looking there. */
  put(at: number, step: RecordedStep): void {
    const atEnd = this.#at >= this.#steps.length - 1;
    this.#steps[at] = step;
    this.#body.innerHTML = rowsHtml(this.#steps, language);
    this.go(atEnd ? this.#steps.length - 1 : this.#at);
  }

  /** Says something of the end. */
  say(note: Node | undefined): void {
    this.#note = note;
    this.go(this.#steps.length - 1);
  }

  /** Shows the moment after a step; -1 is the one before the first. */
  go(to: number): void {
    this.#at = Math.min(Math.max(to, -1), this.#steps.length - 1);
    const step = this.#steps[this.#at];
    const shown = this.#steps.slice(0, this.#at + 1).findLast(({ picture }) => picture !== undefined);
    const figure = shown?.picture ?? this.#start;
    // A step that changes nothing to be seen leaves the last picture, without the marks of what was new then.
    if (figure) this.#picture.innerHTML = figureToElement(shown === step ? figure : unmarked(figure), language);
    this.#caption.replaceChildren(...this.#words(step));
    this.#slider.max = String(this.#steps.length);
    this.#slider.value = String(this.#at + 1);
    this.#count.textContent = `${this.#at + 1}/${this.#steps.length}`;
    for (const [i, row] of this.#rows.entries()) {
      row.classList.toggle('here', i === this.#at);
      row.classList.toggle('done', i < this.#at);
      if (i === this.#at) keepInView(row);
    }
  }

  get #rows(): HTMLTableRowElement[] {
    return [...this.#body.querySelectorAll<HTMLTableRowElement>('tr.step')];
  }

  #words(step: RecordedStep | undefined): Node[] {
    if (step === undefined) return [element('p', say('before'), 'call')];
    const call = element('p', '', 'call');
    const head = element('code', `${step.call} ${step.answer?.text ?? ''}`);
    call.append(element('small', sectionName(step, language)), head);
    if (step.more) call.append(' ', element('small', say('more').replace('{n}', String(step.more))));
    const changes = element('ul', '', 'changes');
    for (const change of step.changes) changes.append(element('li', change[language]));
    const atEnd = this.#at === this.#steps.length - 1;
    if (atEnd && this.#note) changes.append(this.#note);
    else if (step.changes.length === 0) changes.append(element('li', say('unchanged'), 'none'));
    return [call, element('p', step.why[language], 'why'), changes];
  }

  #fillControls(stage: HTMLElement): void {
    this.#slider.type = 'range';
    this.#slider.min = '0';
    this.#slider.setAttribute('aria-label', say('number'));
    this.#slider.addEventListener('input', () => this.#move(Number(this.#slider.value) - 1));
    this.controls.append(
      this.#button('first', '|◀', () => this.#move(-1)),
      this.#button('back', '‹', () => this.#move(this.#at - 1)),
      this.#playing,
      this.#button('step', '›', () => this.#next()),
      this.#button('last', '▶|', () => this.#move(this.#steps.length - 1)),
      this.#slider,
      this.#count,
    );
    if (!document.fullscreenEnabled) return;
    const large = this.#button('large', '', () => {
      if (document.fullscreenElement) void document.exitFullscreen();
      else void stage.requestFullscreen();
    });
    large.innerHTML =
      '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M1 6V1h5M10 1h5v5M15 10v5h-5M6 15H1v-5" fill="none" stroke="currentColor" stroke-width="2"/></svg>';
    this.controls.append(large);
  }

  #button(key: Parameters<typeof say>[0], sign: string, act: () => void): HTMLButtonElement {
    const button = element('button', sign);
    button.type = 'button';
    button.dataset.act = key;
    button.title = say(key);
    button.setAttribute('aria-label', say(key));
    button.addEventListener('click', act);
    return button;
  }

  #move(to: number): void {
    this.#stop();
    this.go(to);
  }

  #next(): void {
    this.#stop();
    this.#advance();
  }

  #advance(): void {
    if (this.#at < this.#steps.length - 1) this.go(this.#at + 1);
    else this.forward?.();
  }

  #play(): void {
    if (this.#timer !== undefined) {
      this.#stop();
      return;
    }
    const isLive = this.forward !== undefined;
    if (!isLive && this.#at >= this.#steps.length - 1) this.go(-1);
    this.#playing.textContent = '❚❚';
    this.#playing.title = say('pause');
    this.#timer = window.setInterval(
      () => {
        this.#advance();
        if (this.forward === undefined && !isLive && this.#at >= this.#steps.length - 1) this.#stop();
      },
      isLive ? PACE / 3 : PACE,
    );
  }

  #stop(): void {
    window.clearInterval(this.#timer);
    this.#timer = undefined;
    this.#playing.textContent = '▶';
    this.#playing.title = say('play');
  }

  #key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowRight') this.#next();
    else if (event.key === 'ArrowLeft') this.#move(this.#at - 1);
    else if (event.key === 'Home') this.#move(-1);
    else if (event.key === 'End') this.#move(this.#steps.length - 1);
    else if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) this.#play();
    else return;
    event.preventDefault();
  }

  #clicked({ target }: MouseEvent): void {
    const row = (target as Element).closest<HTMLTableRowElement>('tr.step');
    if (row && !(target as Element).closest('a')) this.#move(this.#rows.indexOf(row));
  }
}

/** A picture in which nothing is new. */
function unmarked(figure: Figure): Figure {
  return { ...figure, body: calm(figure.body) };
}

function calm(item: Item): Item {
  if (item.kind === 'note') return { ...item, lines: item.lines.map(calmLine) };
  if (item.kind !== 'box') return { ...item, items: item.items.map(calm) };
  return {
    ...item,
    border: item.border === 'heavy' ? 'solid' : item.border,
    lines: item.lines?.map(calmLine),
    inside: item.inside && calm(item.inside),
  };
}

function calmLine(line: Line): Line {
  return typeof line === 'object' && 'mark' in line && line.mark === 'changed' ? { ...line, mark: undefined } : line;
}

/** Scrolls the table, and nothing else of the page. */
function keepInView(row: HTMLTableRowElement): void {
  const box = row.closest<HTMLElement>('.steps')!;
  const top = row.offsetTop - box.clientHeight / 3;
  box.scrollTo({ top, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}
