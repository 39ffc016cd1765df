/* Trust: how a device comes to know this server's certificate (GET /api/trust, /ca.crt). Also for
** those who are not logged in: it is where the warning of their browser leads them. */
import { useState } from 'preact/hooks';
import { atDoor, useAnswer } from '../lib/api.js';
import { formatDay } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Badge, Card } from '../parts/card.js';
import { Choice } from '../parts/chart_card.js';
import { Icon } from '../parts/icon.js';
import { PageHead } from '../parts/page_head.js';
import { Command, Failed, Skeleton } from '../parts/state.js';
import { Room } from './door.js';

const SYSTEMS = ['windows', 'macos', 'android', 'ios', 'linux', 'firefox'];
const SIGNS = [['ios', /iPhone|iPad/], ['android', /Android/], ['macos', /Mac OS X/], ['windows', /Windows/], ['linux', /Linux/]];
const own = () => SIGNS.find(([, sign]) => sign.test(navigator.userAgent))?.[0] ?? 'windows';

/* 'AB12…' or 'AB:12:…' in groups that two people can compare over a telephone. */
const fingerprintWords = (text) => (text.replace(/[^0-9a-f]/gi, '').toUpperCase().match(/.{1,4}/g) ?? []).join(' ');

function Steps({ system }) {
  const command = t(`trust.command.${system}`);
  return html`<ol class="numbered">${t(`trust.steps.${system}`).split('\n').map((step, i) => html`<li key=${i}>${step}</li>`)}</ol>
    ${!command.startsWith('trust.') && html`<p class="note">${t('trust.terminal')}</p><${Command} text=${command} block />`}`;
}

function Facts({ trust }) {
  const { authority } = trust;
  return html`<dl class="details">
    <div><dt>${t('trust.names')}</dt><dd>${trust.names.map((name) => html`<code key=${name}>${name}</code> `)}</dd></div>
    <div><dt>${t('trust.until')}</dt><dd>${formatDay(trust.until)}</dd></div>
    <div><dt>${t('trust.issuer')}</dt><dd>${authority?.name ?? trust.issuer}</dd></div>
    <div><dt>${t('trust.fingerprint')}</dt><dd><code class="fingerprint">${fingerprintWords(authority?.fingerprint ?? trust.fingerprint)}</code></dd></div>
  </dl>`;
}

function Guide({ trust }) {
  const [system, setSystem] = useState(own());
  return html`
    <${Card} title=${t('trust.download_title')} note=${t('trust.download_note')}>
      <p><a class="button" href="/ca.crt" download="outpost-ca.crt"><${Icon} name="download" /> ${t('trust.download')}</a></p>
    <//>
    <${Card} title=${t('trust.how')}>
      <${Choice} label=${t('trust.system')} options=${SYSTEMS.map((id) => ({ id, label: t(`trust.on.${id}`) }))} value=${system} onChange=${setSystem} />
      <${Steps} system=${system} />
    <//>
    <${Card} title=${t('trust.compare')} note=${t('trust.compare_note')}><${Facts} trust=${trust} /><//>
    <${Card} title=${t('trust.why')}><p>${t('trust.why_text')}</p><p>${t('trust.why_safe')}</p><//>`;
}

/* A certificate that every browser knows needs none of this, nor does a server of this machine alone. */
function Needless({ trust }) {
  return html`<${Card} title=${t(trust ? 'trust.known' : 'trust.local')} actions=${html`<${Badge} tone="ok"><${Icon} name="check" /> ${t('trust.fine')}<//>`}>
    <p>${t(trust ? 'trust.known_text' : 'trust.local_text')}</p>
    ${trust && html`<${Facts} trust=${trust} />`}
  <//>`;
}

function Body() {
  const { answer, error, again } = useAnswer('/api/trust', 0, atDoor.get);
  const trust = answer?.data;
  if (error && !trust) return html`<${Failed} error=${error} again=${again} />`;
  if (!trust) return html`<${Skeleton} shape="cards" n=${2} />`;
  if (!trust.secure) return html`<${Needless} />`;
  return trust.public ? html`<${Needless} trust=${trust} />` : html`<${Guide} trust=${trust} />`;
}

export const Trust = () => html`<div class="page page-narrow"><${PageHead} title=${t('page.trust')} note=${t('trust.note')} /><${Body} /></div>`;
export const TrustAlone = () => html`<main id="main"><${Room} wide title=${t('page.trust')} note=${t('trust.note')}>
  <div class="page">
    <${Body} />
    <p class="door-foot"><a href="#/">${t('trust.back')}</a></p>
  </div>
<//></main>`;
