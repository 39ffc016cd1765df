/* One's own account: who I am, my password, and where I am logged in. */
import { address, del } from '../lib/api.js';
import { formatAgo, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { me } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { logOut } from './account_menu.js';
import { PasswordChange } from './password.js';

/* 'Mozilla/5.0 (X11; Linux …) … Chrome/130…' in words. */
const BROWSERS = [['Edge', /Edg\//], ['Firefox', /Firefox\//], ['Chrome', /Chrom(e|ium)\//], ['Safari', /Safari\//]];
const SYSTEMS = [['iPhone', /iPhone/], ['iPad', /iPad/], ['Android', /Android/], ['Windows', /Windows/], ['macOS', /Mac OS X/], ['Linux', /Linux/]];
const found = (list, text) => list.find(([, sign]) => sign.test(text))?.[0];
function agentWords(text) {
  const words = [found(BROWSERS, text ?? ''), found(SYSTEMS, text ?? '')].filter(Boolean);
  return words.join(', ') || text || t('stat.none');
}

async function end(session, again) {
  try {
    await del(address(`/api/auth/sessions/${encodeURIComponent(session.id)}`));
    toast({ text: t('sessions.ended') });
    again();
  } catch (error) {
    toastFailure(error);
  }
}

/* of: of whom, where it is not oneself. */
export function Sessions({ of }) {
  const { answer, error, again } = useLive(address('/api/auth/sessions', { user: of }), ['sessions']);
  if (error && !answer) return html`<${Failed} error=${error} again=${again} />`;
  if (!answer) return html`<${Skeleton} shape="table" n=${2} />`;
  if (!answer.data.length) return html`<p class="note">${t('sessions.none')}</p>`;
  const columns = [
    { id: 'agent', label: t('sessions.where'), kind: 'name', value: (s) => html`${agentWords(s.agent)} ${s.id === answer.current && html`<${Badge} tone="ok">${t('sessions.here')}<//>`}` },
    { id: 'kind', label: t('sessions.how'), value: (s) => nameOf('session_kind', s.kind) },
    { id: 'address', label: t('sessions.address'), value: (s) => s.address },
    { id: 'seen', label: t('sessions.seen'), value: (s) => html`<time title=${formatMoment(s.last_seen_at ?? s.created_at)}>${formatAgo(s.last_seen_at ?? s.created_at)}</time>` },
    { id: 'end', label: t('sessions.end'), quiet: true, value: (s) => s.id !== answer.current && html`<button type="button" class="quiet" onClick=${() => end(s, again)}>${t('sessions.end')}<span class="hidden"> ${agentWords(s.agent)}</span></button>` },
  ];
  return html`<${Table} caption=${t('sessions.title')} columns=${columns} rows=${answer.data} keyOf=${(s) => s.id} />`;
}

export function Account() {
  const { user } = me.value;
  if (!user) return html`<div class="page"><${Empty} page icon="user" title=${t('me.nobody')}><p>${t('me.nobody_text')}</p><a class="button" href="#/setup">${t('me.first')}</a><//></div>`;
  const leave = html`<button type="button" class="plain" onClick=${logOut}><${Icon} name="leave" /> ${t('me.leave')}</button>`;
  return html`<div class="page page-narrow">
    <${PageHead} title=${user.name || user.email} note=${user.email} badge=${html`<${Badge} tone="busy">${nameOf('role', user.role)}<//>`} actions=${leave} />
    <${Card} title=${t('account.password')}><${PasswordChange} /><//>
    <${Card} title=${t('sessions.title')} note=${t('sessions.note')}><${Sessions} /><//>
  </div>`;
}
