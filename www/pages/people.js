/* People: who can log in, what each role may do, and the tokens of machines.
**
**   #/people           accounts; a click opens one (drawer user=ID)
**   #/people/roles     the table of groups and roles
**   #/people/tokens    tokens */
import { useMemo, useState } from 'preact/hooks';
import { address, useKept } from '../lib/api.js';
import { count } from '../lib/decimal.js';
import { formatAgo, formatClock, formatMoment } from '../lib/format.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { usePages } from '../lib/pages.js';
import { go, here, link, openDrawer, replace } from '../lib/route.js';
import { may, me } from '../lib/session.js';
import { nameOf, t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Empty, Failed, Skeleton } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Tabs } from '../parts/tabs.js';
import { NewPerson } from './person_new.js';
import { Roles } from './roles.js';
import { Tokens } from './tokens.js';

const AT_ONCE = 50;

/* Map(id -> role) of all roles. */
export function useRoles() {
  const { answer, error, again } = useLive(address('/api/records/role', { limit: 200, sort: 'name' }), ['roles']);
  return { roles: answer && new Map(answer.data.map((role) => [role.id, role])), error, again };
}

/* Map(id of an account -> how it logs in): its proofs, last_login, locked_until. */
export function useLogins() {
  const { answer } = useLive(address('/api/users/logins'), ['users', 'sessions', 'credential']);
  const rows = useKept(answer)?.data;
  return useMemo(() => new Map((rows ?? []).map((row) => [row.id, row])), [rows]);
}

export const Locked = ({ until }) => until && html`<${Badge} tone="bad"><${Icon} name="lock" /> ${t('people.locked', { when: formatClock(until) })}<//>`;
export const lastLogin = (login) => login && (login.last_login ? html`<time datetime=${login.last_login} title=${formatMoment(login.last_login)}>${formatAgo(login.last_login)}</time>` : t('people.never'));

function columnsOf(roles, logins) {
  return [
    { id: 'name', label: t('people.name'), kind: 'name', sort: true, value: (row) => html`${row.name} ${row.id === me.value.user?.id && html`<${Badge}>${t('people.you')}<//>`} ${!row.active && html`<${Badge} tone="warn">${t('people.inactive')}<//>`} <${Locked} until=${logins.get(row.id)?.locked_until} />` },
    { id: 'email', label: t('people.email'), sort: true, value: (row) => row.email },
    { id: 'role', label: t('people.role'), value: (row) => nameOf('role', roles?.get(row.role)?.name) },
    { id: 'last_login', label: t('people.last_login'), value: (row) => lastLogin(logins.get(row.id)) },
  ];
}

const orderOf = (text) => ({ id: text.replace(/^-/, ''), down: text.startsWith('-') });

function Accounts({ query }) {
  const { roles } = useRoles();
  const logins = useLogins();
  const sort = query.sort ?? 'email';
  const { rows, total, next, busy, stale, error, again, more } = usePages((cursor) => address('/api/records/user', { q: query.q, sort, limit: AT_ONCE, cursor }), ['users']);
  const search = (event) => {
    event.preventDefault();
    replace(here({ q: new FormData(event.target).get('q').trim() || null }));
  };
  let body;
  if (error && !rows) body = html`<${Failed} error=${error} again=${again} />`;
  else if (!rows) body = html`<${Skeleton} shape="table" n=${5} />`;
  else if (!rows.length) body = html`<${Empty} icon="user" title=${t(query.q ? 'records.none' : 'people.none')}><p>${t(query.q ? 'records.none_fits' : 'people.none_text')}</p>${!query.q && me.value.open && html`<a class="button" href="#/setup">${t('me.first')}</a>`}<//>`;
  else
    body = html`<${Table} caption=${t('page.people')} columns=${columnsOf(roles, logins)} rows=${rows} keyOf=${(row) => row.id} busy=${stale} first=${rows.length}
        order=${orderOf(sort)} onOrder=${({ id, down }) => replace(here({ sort: `${down ? '-' : ''}${id}` }))} onOpen=${(row) => openDrawer('user', row.id)} openLabel=${(row) => row.name} />
      <div class="pager"><span role="status">${t('rows.shown_of', { n: count(rows.length), total: count(total) })}</span>
        ${next && html`<button type="button" class="button-line" disabled=${busy} onClick=${more}>${t('records.more')}</button>`}</div>`;
  return html`
    <form class="record-search scope scope-inner" role="search" onSubmit=${search}>
      <label class="scope-field"><span>${t('records.search')}</span><input type="search" name="q" key=${query.q} defaultValue=${query.q ?? ''} /></label>
      <button type="submit" class="plain"><${Icon} name="search" /> ${t('records.find')}</button>
    </form>
    ${body}`;
}

const PARTS = { people: Accounts, roles: Roles, tokens: Tokens };

export function People({ id, query }) {
  const [adding, setAdding] = useState(false);
  const open = PARTS[id] ? id : 'people';
  const Own = PARTS[open];
  const add = may('people.write') && open === 'people' && html`<button type="button" class="button" onClick=${() => setAdding(true)}><${Icon} name="plus" /> ${t('people.add')}</button>`;
  const tabs = Object.keys(PARTS).map((one) => ({ id: one, label: t(`people.part.${one}`) }));
  return html`<div class="page">
    <${PageHead} title=${t('page.people')} note=${t('people.note')} actions=${add} />
    <${Card} title=${t(`people.part.${open}`)}>
      <${Tabs} label=${t('page.people')} tabs=${tabs} open=${open} onOpen=${(to) => go(link(to === 'people' ? 'people' : `people/${to}`))}><${Own} query=${query} /><//>
    <//>
    ${adding && html`<${NewPerson} onClose=${() => setAdding(false)} />`}
  </div>`;
}
