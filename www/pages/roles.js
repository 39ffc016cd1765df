/* Roles: what each may do, group by group. */
import { html } from '../lib/html.js';
import { at, link } from '../lib/route.js';
import { may } from '../lib/session.js';
import { codesOf, nameOf, t } from '../lib/text.js';
import { Icon } from '../parts/icon.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { useRoles } from './people.js';

const LEVEL = { write: 'edit', read: 'eye', none: 'minus' };

/* "sales.write *.read" of the group sales: 'write', 'read' or 'none'. */
function levelOf(permissions, group) {
  const own = permissions.split(/[\s,]+/).filter((word) => word.startsWith(`${group}.`) || word.startsWith('*.'));
  if (own.some((word) => word.endsWith('.write'))) return 'write';
  return own.length ? 'read' : 'none';
}

const Level = ({ level }) => html`<span class=${`level level-${level}`}><${Icon} name=${LEVEL[level]} /> <span class=${level === 'none' ? 'hidden' : undefined}>${t(`roles.${level}`)}</span></span>`;

export function Roles() {
  const { roles, error, again } = useRoles();
  if (error && !roles) return html`<${Failed} error=${error} again=${again} />`;
  if (!roles) return html`<${Skeleton} shape="table" n=${8} />`;
  const all = [...roles.values()];
  const columns = [
    { id: 'group', label: t('roles.group'), kind: 'name', value: (group) => html`${nameOf('permission', group)}<br /><span class="note">${t(`permission_note.${group}`)}</span>` },
    ...all.map((role) => ({ id: role.id, label: nameOf('role', role.name), value: (group) => html`<${Level} level=${levelOf(role.permissions, group)} />` })),
  ];
  return html`
    <p class="page-note">${t('roles.note')}</p>
    <${Table} caption=${t('people.part.roles')} columns=${columns} rows=${codesOf('permission')} keyOf=${(group) => group} />
    <dl class="details roles-words">${all.map((role) => html`<div key=${role.id}><dt>${may('people.write') ? html`<a href=${link(at('records', 'role', role.id))}>${nameOf('role', role.name)}</a>` : nameOf('role', role.name)}</dt><dd>${role.help}</dd></div>`)}</dl>
    ${may('people.write') && html`<p><a class="quiet" href=${link('records/role/new')}><${Icon} name="plus" /> ${t('roles.new')}</a></p>`}`;
}
