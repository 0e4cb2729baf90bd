import type { LiveEvent } from '../live/events.ts';
import { element, say } from './page.ts';
import type { Stepper } from './stepper.ts';

/**
 * Where a page comes from `npm run handbook -- --live`: a button that has this machine perform the page's program, and the stepper
 * drives it.
 */
export function offerLive(stepper: Stepper): void {
  const name = document.body.dataset.page!;
  if (document.querySelector('meta[name=live]') === null) return;
  const button = element('button', say('live'), 'live');
  button.type = 'button';
  button.addEventListener('click', () => {
    button.disabled = true;
    stepper.clear();
    const source = new EventSource(`../live/${name}`);
    const over = (text: string, look = '') => {
      source.close();
      stepper.forward = undefined;
      stepper.say(element('li', text, look));
      button.disabled = false;
    };
    const offerTurn = (isOver: boolean) => {
      stepper.say(element('li', say(isOver ? 'liveRuns' : 'liveWaits'), 'waits'));
      stepper.forward = () => {
        stepper.forward = undefined;
        stepper.say(undefined);
        // A browser gives up a connection that it opens while a link appears, and a container's veth is one: then the turn is offered again.
        fetch(`../live/${name}`, { method: 'POST' }).catch(() => offerTurn(isOver));
      };
    };
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data) as LiveEvent;
      if (event.kind === 'start') stepper.begin(event.figure);
      else if (event.kind === 'step') stepper.put(event.at, event.step);
      else if (event.kind === 'turn') offerTurn(event.over);
      else if (event.kind === 'failed') over(say('liveFailed') + event.reason, 'waits');
      else over(say('liveOver'));
    };
    // It comes back by itself, unless it was told not to (HTML Living Standard, 9.2.3).
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) over(say('liveLost'), 'waits');
    };
  });
  stepper.controls.append(button);
}
