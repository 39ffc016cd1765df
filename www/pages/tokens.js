/* Tokens: by which a machine asks the API. One is shown when it is made and never again. */
import { useState } from 'preact/hooks';
import { address, del, post } from '../lib/api.js';
import { formatAgo, formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { may } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { confirm } from '../parts/confirm.js';
import { Dialog } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { toast, toastFailure } from '../parts/toast.js';
import { useRoles } from './people.js';
import { HandOver } from './person_new.js';

const DAYS = 365;

async function revoke(token, again) {
  if (!(await confirm({ title: t('tokens.revoke_title', { name: token.name }), text: t('tokens.revoke_text'), ok: t('tokens.revoke'), danger: true }))) return;
  try {
    await del(address(`/api/tokens/${encodeURIComponent(token.id)}`));
    toast({ text: t('tokens.revoked', { name: token.name }) });
    again();
  } catch (error) {
    toastFailure(error);
  }
}

function NewToken({ onClose, onMade }) {
  const { roles } = useRoles();
  const [token, setToken] = useState(null);
  const save = async (values) => {
    const { data } = await post(address('/api/tokens'), values);
    setToken(data.token);
    onMade();
  };
  if (token)
    return html`<${Dialog} title=${t('tokens.made')} onClose=${onClose}>
      <${HandOver} title=${t('tokens.token')} note=${t('tokens.once')} text=${token} />
      <div class="dialog-foot"><button type="button" class="button" onClick=${onClose}>${t('people.done')}</button></div>
    <//>`;
  if (!roles) return html`<${Dialog} title=${t('tokens.new')} onClose=${onClose}><${Skeleton} n=${3} /><//>`;
  const fields = [
    { name: 'name', label: t('tokens.name'), kind: 'text', required: true, help: t('tokens.name_note') },
    { name: 'role', label: t('people.role'), kind: 'choice', required: true, options: [...roles.values()].map((role) => ({ id: role.name, label: nameOf('role', role.name) })), help: t('tokens.role_note') },
    { name: 'days', label: t('tokens.days'), kind: 'integer', required: true },
  ];
  return html`<${Dialog} title=${t('tokens.new')} onClose=${onClose}><${Form} fields=${fields} value=${{ days: DAYS }} onSave=${save} onCancel=${onClose} save=${t('tokens.new')} /><//>`;
}

export function Tokens() {
  const [adding, setAdding] = useState(false);
  const { answer, error, again } = useLive(address('/api/tokens'), ['sessions']);
  const columns = [
    { id: 'name', label: t('tokens.name'), kind: 'name', sort: (token) => token.name, value: (token) => token.name },
    { id: 'role', label: t('people.role'), value: (token) => nameOf('role', token.role) },
    { id: 'made', label: t('tokens.by'), value: (token) => [formatDay(token.created_at), token.created_by].filter(Boolean).join(' \u00b7 ') },
    { id: 'seen', label: t('tokens.seen'), value: (token) => (token.last_seen_at ? formatAgo(token.last_seen_at) : t('tokens.never')) },
    { id: 'until', label: t('tokens.until'), value: (token) => formatDay(token.expires_at) },
    ...(may('people.write') ? [{ id: 'act', label: t('tokens.revoke'), quiet: true, value: (token) => html`<button type="button" class="quiet" onClick=${() => revoke(token, again)}>${t('tokens.revoke')}<span class="hidden"> ${token.name}</span></button>` }] : []),
  ];
  let body = html`<${Skeleton} shape="table" n=${3} />`;
  if (error && !answer) body = html`<${Failed} error=${error} again=${again} />`;
  else if (answer && !answer.data.length) body = html`<${Empty} icon="key" title=${t('tokens.none')}><p>${t('tokens.none_text')}</p><//>`;
  else if (answer) body = html`<${Table} caption=${t('people.part.tokens')} columns=${columns} rows=${answer.data} keyOf=${(token) => token.id} sort=${{ id: 'name' }} />`;
  return html`
    ${may('people.write') && html`<p><button type="button" class="plain" onClick=${() => setAdding(true)}><${Icon} name="plus" /> ${t('tokens.new')}</button></p>`}
    ${body}
    ${adding && html`<${NewToken} onClose=${() => setAdding(false)} onMade=${again} />`}`;
}
