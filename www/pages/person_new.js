/* A new account, and the link by which its owner sets the password himself. */
import { useState } from 'preact/hooks';
import { address, post } from '../lib/api.js';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Dialog } from '../parts/dialog.js';
import { Form } from '../parts/form.js';
import { Skeleton } from '../parts/state.js';
import { Command } from '../parts/state.js';
import { useRoles } from './people.js';

/* What is to be handed over, once: nobody can look at it again. */
export const HandOver = ({ title, note, text }) => html`<div class="hand-over"><h3>${title}</h3><p class="note">${note}</p><${Command} text=${text} block /></div>`;

/* A link that works from where this page was opened, whatever the server calls itself. */
export const setupLink = (link) => (/^https?:/.test(link) ? link : new URL(link, location.origin).href);

export const roleOptions = (roles) => [...roles.values()].map((role) => ({ id: role.id, label: nameOf('role', role.name) }));

export function NewPerson({ onClose }) {
  const { roles } = useRoles();
  const [made, setMade] = useState(null);
  const save = async ({ email, name, role, password }) => {
    const { data } = await post(address('/api/users'), { email: email.trim(), name: name.trim(), role: roles.get(role)?.name ?? role, ...(password && { password }) });
    setMade(data);
  };
  if (made)
    return html`<${Dialog} title=${t('people.made', { name: made.user?.name ?? '' })} onClose=${onClose}>
      ${made.setup_link ? html`<${HandOver} title=${t('people.link')} note=${t('people.link_note')} text=${setupLink(made.setup_link)} />` : html`<p>${t('people.made_text')}</p>`}
      <div class="dialog-foot"><button type="button" class="button" onClick=${onClose}>${t('people.done')}</button></div>
    <//>`;
  if (!roles) return html`<${Dialog} title=${t('people.add')} onClose=${onClose}><${Skeleton} n=${4} /><//>`;
  const fields = [
    { name: 'name', label: t('people.name'), kind: 'text', required: true },
    { name: 'email', label: t('people.email'), kind: 'email', required: true },
    { name: 'role', label: t('people.role'), kind: 'choice', required: true, options: roleOptions(roles) },
    { name: 'password', label: t('people.password'), kind: 'secret', help: t('people.password_note'), autocomplete: 'new-password' },
  ];
  return html`<${Dialog} title=${t('people.add')} onClose=${onClose}><${Form} fields=${fields} onSave=${save} onCancel=${onClose} save=${t('people.add')} /><//>`;
}
