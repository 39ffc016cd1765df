/* One account: who it is and what he may do, how he proves who he is, and where he is logged in. */
import { useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at } from '../lib/route.js';
import { may, me } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { confirm } from '../parts/confirm.js';
import { Drawer } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { toast, toastFailure } from '../parts/toast.js';
import { Sessions } from './account.js';
import { lastLogin, Locked, useLogins, useRoles } from './people.js';
import { HandOver, roleOptions, setupLink } from './person_new.js';

const ACTS = { password: { kind: 'secret' }, pin: { kind: 'secret' }, badge: { kind: 'text' } };
const path = (user, what) => address(`/api/users/${at(user.id)}/${what}`);

function Facts({ user, roles, onSaved }) {
  const fields = [
    { name: 'name', label: t('people.name'), kind: 'text', required: true },
    { name: 'email', label: t('people.email'), kind: 'email', required: true },
    { name: 'role', label: t('people.role'), kind: 'choice', required: true, options: roleOptions(roles), help: roles.get(user.role)?.help },
  ];
  const save = async (_, changed) => {
    await post(address('/api/records/user'), { id: user.id, version: user.version, ...changed });
    toast({ text: t('people.saved', { name: changed.name ?? user.name }) });
    onSaved();
  };
  return html`<${Form} key=${user.version} fields=${fields} value=${user} onSave=${save} />`;
}

/* A new password, PIN or badge; one at a time. */
function NewProof({ user, act, onDone }) {
  const field = { name: act, label: t(`people.act.${act}`), kind: ACTS[act].kind, required: true, help: t(`people.act_note.${act}`), autocomplete: 'new-password' };
  const save = async (values) => {
    await post(path(user, act), values);
    toast({ text: t(`people.act_done.${act}`, { name: user.name }) });
    onDone();
  };
  return html`<${Form} fields=${[field]} onSave=${save} onCancel=${onDone} />`;
}

/* What he has to show who he is, and whether he may try. */
function HowNow({ user, login }) {
  const set = Object.keys(ACTS).filter((id) => login[id]).map((id) => t(`people.proof.${id}`));
  return html`<p>${set.length ? t('people.has', { what: set.join(', ') }) : t('people.has_none')}</p>
    ${login.locked_until && html`<p class="notice tone-bad"><${Icon} name="lock" /> <span>${t('people.locked_note', { name: user.name })}</span></p>`}`;
}

function Proofs({ user, login }) {
  const [act, setAct] = useState(null);
  const [setup, setSetup] = useState(null);
  const unlock = () => post(path(user, 'unlock')).then(() => toast({ text: t('people.unlocked', { name: user.name }) }), toastFailure);
  const invite = () => post(path(user, 'password'), {}).then(({ data }) => setSetup(data.setup_link), toastFailure);
  if (act) return html`<${NewProof} key=${act} user=${user} act=${act} onDone=${() => setAct(null)} />`;
  return html`
    ${login && html`<${HowNow} user=${user} login=${login} />`}
    ${setup && html`<${HandOver} title=${t('people.link')} note=${t('people.link_note')} text=${setupLink(setup)} />`}
    <div class="drawer-acts">
      <button type="button" class="plain" onClick=${invite}><${Icon} name="key" /> ${t('people.invite')}</button>
      ${Object.keys(ACTS).map((id) => html`<button key=${id} type="button" class="plain" onClick=${() => setAct(id)}>${t(`people.act.${id}`)}</button>`)}
      <button type="button" class="plain" onClick=${unlock}><${Icon} name="unlock" /> ${t('people.unlock')}</button>
    </div>`;
}

async function setActive(user, active) {
  if (!active && !(await confirm({ title: t('people.stop_title', { name: user.name }), text: t('people.stop_text'), ok: t('people.stop'), danger: true }))) return;
  try {
    await post(address('/api/records/user'), { id: user.id, version: user.version, active });
    toast({ text: t(active ? 'people.started' : 'people.stopped', { name: user.name }) });
  } catch (error) {
    toastFailure(error);
  }
}

export function PersonDrawer({ value, onClose }) {
  const { answer, error, again } = useLive(address(`/api/records/user/${at(value)}`), ['users']);
  const { roles } = useRoles();
  const login = useLogins().get(value);
  const user = answer?.data;
  if (error && !user) return html`<${Drawer} title=${t('people.one')} onClose=${onClose}><${Failed} error=${error} again=${again} /><//>`;
  if (!user || !roles) return html`<${Drawer} title=${t('people.one')} onClose=${onClose}><${Skeleton} n=${5} /><//>`;
  const own = user.id === me.value.user?.id;
  const change = may('people.write');
  return html`<${Drawer} title=${user.name} note=${user.email} onClose=${onClose}>
    <p>${user.active ? html`<${Badge} tone="ok"><${Icon} name="check" /> ${t('people.active')}<//>` : html`<${Badge} tone="warn">${t('people.inactive')}<//>`} <${Badge}>${nameOf('role', roles.get(user.role)?.name)}<//> <${Locked} until=${login?.locked_until} /></p>
    ${login && html`<p class="note">${t('people.last_login')}: ${lastLogin(login)}</p>`}
    ${change && html`
      <h3>${t('people.facts')}</h3><${Facts} user=${user} roles=${roles} onSaved=${again} />
      <h3>${t('people.proofs')}</h3><${Proofs} user=${user} login=${login} />`}
    <h3>${t('people.sessions')}</h3><${Sessions} of=${own ? undefined : user.id} />
    ${change && !own && html`<div class="dialog-foot">${user.active
      ? html`<button type="button" class="button danger" onClick=${() => setActive(user, false)}>${t('people.stop')}</button>`
      : html`<button type="button" class="button" onClick=${() => setActive(user, true)}>${t('people.start')}</button>`}</div>`}
  <//>`;
}
