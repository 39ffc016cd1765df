/* Step 2: which column is which field, what a row is known by, and what becomes of
** rows that are already there. */
import { useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { nameOf, t } from '../lib/text.js';
import { Badge } from '../parts/card.js';
import { Field } from '../parts/form.js';
import { Icon } from '../parts/icon.js';
import { change, DIALECT, draft, hasTable, lookAt, missing } from './import_draft.js';

const SURE = { name: 'ok', remembered: 'ok', synonym: 'plain', given: 'plain' };

/* ---- fields ---- */

function Mark({ how, heading, optional }) {
  if (heading && how) return html`<${Badge} tone=${SURE[how] ?? 'plain'}>${how === 'name' || how === 'remembered' ? html`<${Icon} name="check" /> ` : ''}${nameOf('how', how)}<//>`;
  return !heading && !optional && html`<${Badge} tone="bad"><${Icon} name="warn" /> ${t('import.map.missing')}<//>`;
}

function FieldRow({ row, columns, heading }) {
  const column = columns.find((c) => c.heading === heading);
  const how = heading === (row.heading ?? '') ? row.how : 'given';
  const id = `map-${row.field}`;
  const choose = (event) => change({ map: { ...draft.value.map, [row.field]: event.target.value }, test: null });
  const bad = !heading && !row.optional;
  return html`<li class=${`map-row ${bad ? 'map-bad' : ''}`} data-field=${row.field}>
    <div class="map-field">
      <label for=${id}>${nameOf('field', row.field)}</label>
      ${row.help && html`<p class="note" id=${`${id}-help`}>${row.help}</p>`}
    </div>
    <div class="map-choice">
      <select id=${id} value=${heading} aria-describedby=${row.help ? `${id}-help` : undefined} aria-invalid=${bad ? 'true' : undefined} onChange=${choose}>
        ${row.optional ? html`<option value="" selected=${!heading}>${t('import.map.absent')}</option>` : !heading && html`<option value="" disabled selected>${t('form.choose')}</option>`}
        ${columns.map((c) => html`<option key=${c.index} value=${c.heading} selected=${c.heading === heading}>${c.heading}</option>`)}
      </select>
      <${Mark} how=${how} heading=${heading} optional=${row.optional} />
    </div>
    <p class="map-examples">${(column?.examples ?? []).map((text, i) => html`<code key=${i} dir="auto">${text}</code> `)}</p>
  </li>`;
}

function Fields({ look, map }) {
  const used = new Set(Object.values(map));
  const rest = look.columns.filter((c) => !used.has(c.heading));
  return html`<section class="card">
    <header class="card-head"><h3>${t('import.map.title')}</h3><p class="note">${t(look.remembered ? 'import.map.remembered' : 'import.map.note')}</p></header>
    <ul class="map">${look.mapping.map((row) => html`<${FieldRow} key=${row.field} row=${row} columns=${look.columns} heading=${map[row.field] ?? ''} />`)}</ul>
    ${rest.length > 0 && html`<p class="map-rest"><span class="note">${t('import.map.rest')}</span> <span class="chips">${rest.map((c) => html`<code key=${c.index}>${c.heading}</code>`)}</span></p>`}
  </section>`;
}

/* ---- the key, and existing rows ---- */

function Unique({ columns, unique, own }) {
  const set = (list) => change({ unique: list, test: null });
  const add = (event) => event.target.value && set([...unique, event.target.value]);
  const free = columns.filter((c) => !unique.includes(c.heading));
  return html`<section class="card">
    <header class="card-head"><h3 id="unique-title">${t('import.unique.title')}</h3></header>
    <p class="note">${t('import.unique.note')} ${!unique.length && t('import.unique.own', { names: own.join(', ') })}</p>
    <div class="unique" role="group" aria-labelledby="unique-title">
      ${unique.map((heading) => html`<button type="button" class="chip" key=${heading} aria-label=${t('import.unique.remove', { name: heading })} onClick=${() => set(unique.filter((h) => h !== heading))}>${heading} <${Icon} name="cross" /></button>`)}
      <label><span class="hidden">${t('import.unique.add')}</span>
        <select value="" onChange=${add}>
          <option value="">${t(unique.length ? 'import.unique.more' : 'import.unique.add')}</option>
          ${free.map((c) => html`<option key=${c.index} value=${c.heading}>${c.heading}</option>`)}
        </select>
      </label>
    </div>
  </section>`;
}

const Existing = ({ existing }) => html`<section class="card">
  <header class="card-head"><h3 id="existing-title">${t('import.existing.title')}</h3></header>
  <div class="options" role="radiogroup" aria-labelledby="existing-title">
    ${['reject', 'update'].map((id) => html`<label class="option" key=${id}>
      <input type="radio" name="existing" value=${id} checked=${existing === id} onChange=${() => change({ existing: id, test: null })} />
      <span><b>${t(`import.existing.${id}.name`)}</b><span class="note">${t(`import.existing.${id}.text`)}</span></span>
    </label>`)}
  </div>
</section>`;

/* ---- how the file is read ---- */

const HEADER = ['yes', 'no'].map((id) => ({ id, label: t(`form.${id}`) }));
const ORDER = ['dmy', 'mdy', 'ymd'].map((id) => ({ id, label: t(`import.dialect.order.${id}`) }));
const FIELDS = DIALECT.map((name) => ({
  name,
  label: t(`import.dialect.${name}`),
  kind: name === 'header' || name === 'date-order' ? 'choice' : 'text',
  options: name === 'header' ? HEADER : ORDER,
  none: t('import.dialect.own'),
  required: false,
}));

function Dialect({ look, dialect }) {
  const [texts, setTexts] = useState(dialect);
  const [error, setError] = useState(null);
  const said = Object.fromEntries(look.decisions.map((d) => [d.subject, d.decision]));
  const again = () => lookAt(look.upload, Object.fromEntries(Object.entries(texts).filter(([, text]) => text))).then(() => setError(null), setError);
  return html`<details class="card dialect" open=${Object.values(dialect).some(Boolean)}>
    <summary>${t('import.dialect.title')}</summary>
    <p class="note">${t('import.dialect.note')}</p>
    <div class="dialect-fields">
      ${FIELDS.map((f) => html`<${Field} key=${f.name} field=${{ ...f, placeholder: said[f.name] }} value=${texts[f.name] ?? ''} error=${error?.fields?.[f.name]} onInput=${(text) => setTexts({ ...texts, [f.name]: text })} />`)}
    </div>
    ${error && html`<p class="error" role="alert"><${Icon} name="warn" /> <span>${error.message}</span></p>`}
    <button type="button" class="plain" onClick=${again}><${Icon} name="again" /> ${t('import.dialect.again')}</button>
  </details>`;
}

export function MappingStep() {
  const { look, map, unique, existing, dialect } = draft.value;
  const lacking = missing(draft.value);
  return html`
    <div role="status">
      ${lacking.length > 0 && html`<p class="notice tone-warn"><${Icon} name="warn" /> <span>${t('import.map.lacking', { n: lacking.length, names: lacking.map((f) => nameOf('field', f)).join(', ') })}</span></p>`}
      ${look.problem && (!hasTable(look) || look.mapping.every((row) => row.heading)) && html`<p class="notice tone-warn"><${Icon} name="warn" /> <span>${look.problem}</span></p>`}
    </div>
    <${Fields} look=${look} map=${map} />
    <div class="two">
      <${Unique} columns=${look.columns} unique=${unique} own=${look.unique} />
      <${Existing} existing=${existing} />
    </div>
    <${Dialect} key=${look.upload} look=${look} dialect=${dialect} />
  `;
}
