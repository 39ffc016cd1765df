/* How a run stands, in one sign and one word. */
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Icon } from '../parts/icon.js';

export function stateOf(run) {
  if (run.undone?.replaced_by) return { tone: 'plain', icon: 'again', word: t('state.replaced') };
  if (run.undone) return { tone: 'plain', icon: 'undo', word: t('state.undone') };
  if (run.state === 'running') return { tone: 'busy', icon: 'play', word: t('state.running') };
  if (run.state === 'failed') return { tone: 'bad', icon: 'cross', word: t('state.failed') };
  if (run.state === 'cancelled') return { tone: 'plain', icon: 'cross', word: t('state.cancelled') };
  if (run.state === 'interrupted') return { tone: 'warn', icon: 'pause', word: t('state.interrupted') };
  if (!run.reconciled) return { tone: 'bad', icon: 'warn', word: t('state.differs') };
  return { tone: 'ok', icon: 'check', word: t('state.reconciled') };
}

export function RunState({ run }) {
  const { tone, icon, word } = stateOf(run);
  return html`<${Badge} tone=${tone}><${Icon} name=${icon} /> ${word}<//>`;
}
