/* Forms from a descriptor.
**
**   Form  { fields, value, onSave, onCancel, save, group, clean, children }; clean: it may
**         be saved as it is; readOnly: it may not be changed
**   Field { field, value, error, onInput }          one of them, where a form is too much
**
** A field is what GET /api/entities says of a property - { name, kind, required,
** help } with kind text, integer, decimal, boolean, day, instant or json - and may have
** more: kind 'secret' (typed unseen), autocomplete (what a browser may fill in), label, kind 'choice' with options [{ id, label }], 'lines' (a text of several
** lines), rows, placeholder, only (values => shown at all?), input (a component that
** takes the place of the input: { field, id, value, onInput }). Labels come from
** text/en.json: GROUP.NAME, or the name made readable. An instant is written in the
** reader's own time.
**
** onSave(values, changed) may be a promise; values has the fields as the server
** wants them, changed only those that differ from what the form began with. When
** it throws a Failure, each sentence stands at its field and the rest above. */
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { html } from '../lib/html.js';
import { asWritten, nameOf, t } from '../lib/text.js';
import { Icon } from './icon.js';

/* ---- between what is kept and what is typed ---- */

/* '2024-02-29T12:00:00Z' as an input of the reader's own time has it. */
function localOf(iso) {
  const at = new Date(iso);
  const two = (n) => String(n).padStart(2, '0');
  return `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function typed(field, value) {
  if (field.kind === 'boolean') return !!value;
  if (value === null || value === undefined) return '';
  if (field.kind === 'instant') return localOf(value);
  return field.kind === 'json' && typeof value !== 'string' ? JSON.stringify(value, null, 2) : String(value);
}

/* Throws a sentence. */
function meant(field, text) {
  if (field.kind === 'boolean') return text;
  if (text.trim() === '') {
    if (field.required) throw t('form.required');
    return null;
  }
  if (field.kind === 'integer') {
    if (!/^-?\d+$/.test(text.trim())) throw t('form.integer');
    return Number(text);
  }
  if (field.kind === 'decimal') {
    if (!/^-?\d+(\.\d+)?$/.test(text.trim())) throw t('form.decimal');
    return text.trim();
  }
  if (field.kind === 'instant') return new Date(text).toISOString();
  if (field.kind !== 'json') return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw t('form.json', { why: error.message });
  }
}

/* ---- one field ---- */

function Input({ field, id, value, onInput, described, bad }) {
  const common = { id, name: field.name, 'aria-describedby': described, 'aria-invalid': bad ? 'true' : undefined, 'aria-required': field.required ? 'true' : undefined, disabled: field.disabled, autocomplete: field.autocomplete ?? 'off' };
  const input = (event) => onInput(event.target.value);
  if (field.input) return html`<${field.input} ...${common} field=${field} value=${value} onInput=${onInput} />`;
  if (field.kind === 'choice')
    return html`<select ...${common} value=${value} onChange=${input}>
      ${!field.required && html`<option value="">${field.none ?? t('form.none')}</option>`}
      ${field.required && !value && html`<option value="" disabled>${t('form.choose')}</option>`}
      ${field.options.map((o) => html`<option key=${o.id} value=${o.id} selected=${o.id === value}>${o.label}</option>`)}
    </select>`;
  if (field.kind === 'json' || field.kind === 'lines')
    return html`<textarea ...${common} class=${field.kind === 'json' ? 'code' : undefined} rows=${field.rows ?? 4} spellcheck=${field.kind === 'json' ? 'false' : undefined} placeholder=${field.placeholder} value=${value} onInput=${input} />`;
  const type = { day: 'date', instant: 'datetime-local', secret: 'password', email: 'email' }[field.kind] ?? 'text';
  const keys = { integer: 'numeric', decimal: 'decimal' }[field.kind];
  return html`<input ...${common} type=${type} dir=${type === 'text' ? 'auto' : undefined} step=${field.kind === 'instant' ? 1 : undefined} inputmode=${keys} placeholder=${field.placeholder} value=${value} onInput=${input} />`;
}

export function Field({ field, group = 'field', value, error, onInput }) {
  const id = useId();
  const label = field.label ?? nameOf(group, field.name);
  const described = [field.help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  const words = html`
    ${field.help && html`<p class="help" id=${`${id}-help`}>${field.help}</p>`}
    ${error && html`<p class="error" id=${`${id}-error`}><${Icon} name="warn" /> <span class=${asWritten(error)}>${error}</span></p>`}
  `;
  if (field.kind === 'boolean')
    return html`<div class="form-field" data-field=${field.name}>
      <label class="switch"><input type="checkbox" id=${id} aria-describedby=${described} disabled=${field.disabled} checked=${value} onChange=${(event) => onInput(event.target.checked)} /><span>${label}</span></label>
      ${words}
    </div>`;
  return html`<div class="form-field" data-field=${field.name}>
    <label for=${id}>${label}${!field.required && html` <span class="note">${t('form.optional')}</span>`}</label>
    <${Input} field=${field} id=${id} value=${value} onInput=${onInput} described=${described} bad=${!!error} />
    ${words}
  </div>`;
}

/* ---- the form ---- */

function useLeaving(dirty) {
  useEffect(() => {
    if (!dirty) return undefined;
    const stop = (event) => event.preventDefault();
    addEventListener('beforeunload', stop);
    return () => removeEventListener('beforeunload', stop);
  }, [dirty]);
}

export function Form({ fields, value = {}, onSave, onCancel, save = t('form.save'), group, clean, readOnly, children }) {
  const start = useMemo(() => Object.fromEntries(fields.map((f) => [f.name, typed(f, value[f.name])])), []);
  const [texts, setTexts] = useState(start);
  const [errors, setErrors] = useState({});
  const [state, setState] = useState({ saving: false, message: null });
  const own = useRef(null);
  const shown = fields.filter((f) => !f.only || f.only(texts));
  const dirty = shown.some((f) => texts[f.name] !== start[f.name]);
  useLeaving(dirty && !state.saving);

  const fail = (found, message) => {
    setErrors(found);
    setState({ saving: false, message });
    requestAnimationFrame(() => own.current?.querySelector('[aria-invalid="true"]')?.focus());
  };
  const submit = async (event) => {
    event.preventDefault();
    const values = {};
    const found = {};
    for (const field of shown) {
      try {
        values[field.name] = meant(field, texts[field.name]);
      } catch (sentence) {
        found[field.name] = sentence;
      }
    }
    if (Object.keys(found).length) return fail(found, null);
    const changed = Object.fromEntries(shown.filter((f) => texts[f.name] !== start[f.name]).map((f) => [f.name, values[f.name]]));
    setErrors({});
    setState({ saving: true, message: null });
    try {
      await onSave(values, changed);
      setState({ saving: false, message: null });
    } catch (error) {
      const said = Object.entries(error.fields ?? {});
      const known = said.filter(([name]) => shown.some((f) => f.name === name));
      const rest = said.filter((one) => !known.includes(one)).map(([, sentence]) => sentence);
      fail(Object.fromEntries(known), known.length ? rest.join(' ') || null : error.message || t('failed.offline.title'));
    }
    return undefined;
  };
  const change = (name) => (text) => {
    setTexts((all) => ({ ...all, [name]: text }));
    setErrors(({ [name]: gone, ...rest }) => rest);
  };

  return html`<form class="form" ref=${own} noValidate onSubmit=${submit}>
    ${state.message && html`<p class="notice tone-bad" role="alert"><${Icon} name="warn" /> <span class=${asWritten(state.message)}>${state.message}</span></p>`}
    ${shown.map((f) => html`<${Field} key=${f.name} field=${readOnly ? { ...f, disabled: true } : f} group=${group} value=${texts[f.name]} error=${errors[f.name]} onInput=${change(f.name)} />`)}
    ${typeof children === 'function' ? children(texts) : children}
    ${!readOnly && html`<div class="form-foot">
      ${onCancel && html`<button type="button" class="plain" onClick=${onCancel}>${t('confirm.cancel')}</button>`}
      <button type="submit" class="button" disabled=${state.saving || (!dirty && !clean)}>${state.saving ? t('form.saving') : save}</button>
    </div>`}
  </form>`;
}
