/* How work stands, in one sign and one word: jobs, runs of graphs and their tasks, slots. */
import { html } from '../lib/html.js';
import { nameOf } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';

const LOOKS = {
  waiting: ['plain', 'pause'],
  ready: ['plain', 'pause'],
  queued: ['plain', 'pause'],
  due: ['plain', 'pause'],
  running: ['busy', 'play'],
  done: ['ok', 'check'],
  dead: ['bad', 'warn'],
  failed: ['bad', 'cross'],
  missed: ['warn', 'warn'],
  lost: ['warn', 'warn'],
  retry: ['warn', 'again'],
  upstream_failed: ['plain', 'minus'],
  skipped: ['plain', 'minus'],
  cancelled: ['plain', 'cross'],
  released: ['plain', 'pause'],
};
export const lookOf = (state) => ({ tone: LOOKS[state]?.[0] ?? 'plain', icon: LOOKS[state]?.[1] ?? 'more' });

export function WorkState({ group = 'job_state', state }) {
  const { tone, icon } = lookOf(state);
  return html`<${Badge} tone=${tone}><${Icon} name=${icon} /> ${nameOf(group, state)}<//>`;
}
