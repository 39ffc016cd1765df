/* Reference lists: the words that a field may hold. Adding and removing is gathered,
** tried on history, and put into force together. */
import { useState } from 'preact/hooks';
import { address } from '../lib/api.js';
import { html } from '../lib/html.js';
import { useLive } from '../lib/live.js';
import { at, link } from '../lib/route.js';
import { nameOf, t } from '../lib/text.js';
import { Card } from '../parts/card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Failed, Skeleton } from '../parts/state.js';
import { Trial } from './trial.js';

function List({ list, items, rules, draft, onDraft }) {
  const added = draft.add.filter((one) => one.list === list);
  const isGone = (item) => draft.remove.includes(item.id);
  const known = [...items.filter((item) => !isGone(item)).map((item) => item.value), ...added.map((one) => one.value)];
  const [said, setSaid] = useState(null);
  const add = (event) => {
    event.preventDefault();
    const value = new FormData(event.target).get('value').trim();
    if (!value) return;
    if (known.includes(value)) return setSaid(t('lists.known', { value }));
    const back = items.find((item) => item.value === value); /* it was only taken out of the draft */
    onDraft(back ? { ...draft, remove: draft.remove.filter((id) => id !== back.id) } : { ...draft, add: [...draft.add, { list, value }] });
    setSaid(null);
    event.target.reset();
    return undefined;
  };
  return html`<${Card} title=${nameOf('list', list)} note=${rules.length ? html`${t('lists.used_by')} ${rules.map((rule, i) => html`${i ? ', ' : ''}<a href=${link(`rules/${at(rule.name)}`)}>${nameOf('control', rule.name)}</a>`)}` : t('lists.unused')}>
    <ul class="items" data-list=${list}>
      ${items.map((item) => html`<li key=${item.id} class=${isGone(item) ? 'item item-gone' : 'item'}>
        <span>${item.value}</span>
        <button type="button" class="quiet square" aria-label=${t(isGone(item) ? 'lists.keep' : 'lists.remove', { value: item.value })} onClick=${() => onDraft({ ...draft, remove: isGone(item) ? draft.remove.filter((id) => id !== item.id) : [...draft.remove, item.id] })}><${Icon} name=${isGone(item) ? 'undo' : 'cross'} /></button>
      </li>`)}
      ${added.map((one) => html`<li key=${`+${one.value}`} class="item item-new">
        <span>${one.value}</span>
        <button type="button" class="quiet square" aria-label=${t('lists.remove', { value: one.value })} onClick=${() => onDraft({ ...draft, add: draft.add.filter((other) => other !== one) })}><${Icon} name="cross" /></button>
      </li>`)}
    </ul>
    <form class="item-add" onSubmit=${add}>
      <label class="hidden" for=${`add-${list}`}>${t('lists.add_to', { list: nameOf('list', list) })}</label>
      <input id=${`add-${list}`} name="value" autocomplete="off" placeholder=${t('lists.add_example')} />
      <button type="submit" class="plain"><${Icon} name="plus" /> ${t('lists.add')}</button>
    </form>
    ${said && html`<p class="error" role="alert">${said}</p>`}
  <//>`;
}

function NewList({ lists, onList }) {
  const add = (event) => {
    event.preventDefault();
    const name = new FormData(event.target).get('name').trim();
    if (name && !lists.includes(name)) onList(name);
    event.target.reset();
  };
  return html`<${Card} title=${t('lists.new')} note=${t('lists.new_note')}>
    <form class="item-add" onSubmit=${add}>
      <label class="hidden" for="new-list">${t('lists.name')}</label>
      <input id="new-list" name="name" autocomplete="off" placeholder=${t('lists.name_example')} />
      <button type="submit" class="plain"><${Icon} name="plus" /> ${t('lists.make')}</button>
    </form>
  <//>`;
}

const NOTHING = { add: [], remove: [] };

export function Lists() {
  const { answer, error, again } = useLive(address('/api/records/reference_item', { limit: 10000 }), ['reference_item']);
  const rules = useLive(address('/api/records/rule'), ['rule']).answer?.data ?? [];
  const [draft, setDraft] = useState(NOTHING);
  const [promoted, setPromoted] = useState(null); /* what was put into force: its trial stays on the page */
  const [made, setMade] = useState([]);
  const items = answer?.data;
  const back = { href: link('rules'), label: t('rules.title') };
  if (error && !items) return html`<${Failed} page error=${error} again=${again} />`;
  if (!items) return html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${2} /></div>`;
  const names = [...new Set([...items.map((item) => item.list), ...rules.map((rule) => rule.params?.list).filter(Boolean), ...made])];
  const body = promoted ?? [...draft.add, ...draft.remove.map((id) => ({ id, deleted: true }))];
  const edit = (next) => {
    setPromoted(null);
    setDraft(next);
  };
  return html`<div class="page">
    <${PageHead} title=${t('lists.title')} note=${t('lists.note')} back=${back} />
    <div class="cards">
      ${names.map((list) => html`<${List} key=${list} list=${list} items=${items.filter((item) => item.list === list)} rules=${rules.filter((rule) => rule.params?.list === list)} draft=${draft} onDraft=${edit} />`)}
      <${NewList} lists=${names} onList=${(name) => setMade([...made, name])} />
    </div>
    <${Trial} items=${body} changed=${draft.add.length + draft.remove.length > 0} onPromoted=${() => {
      setPromoted(body);
      setDraft(NOTHING);
    }} />
  </div>`;
}
