/* A page that is fetched when it is first opened, so that the first view is light.
**
**   const Rules = lazy(() => import('./rules.js'), 'Rules')
**   const Stores = oneOf([List, Store], (id) => (id ? Store : List))      whichever of these the address means
**
** meanwhile is what is shown until it is there (null: nothing, as for a drawer).
** Rules.begin() fetches it before it is shown. All the files that it consists of are asked for at once: the
** build wrote into index.html which these are, by the name (src/tools/page_parts.mjs).
** Where it cannot be fetched the server is away, or has been updated since this page
** was loaded: loading the page anew helps. */
import { useEffect, useState } from 'preact/hooks';
import { Failed, Skeleton } from '../parts/state.js';
import { html } from './html.js';
import { idle } from './idle.js';

const REST_MS = 2000;
const LIST_MS = 2000; /* a list comes first, with its rows */

const Waiting = () => html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${2} /></div>`;

const parts = JSON.parse(document.getElementById('parts')?.textContent ?? '{}');

function askFor(name) {
  const links = (parts.of?.[name] ?? []).map((i) => {
    const link = document.createElement('link');
    link.rel = 'modulepreload';
    link.href = parts.files[i];
    return link;
  });
  document.head.append(...links);
}

export function lazy(load, name, meanwhile = Waiting) {
  let Own = null;
  let begun = null;
  const begin = () => {
    if (!begun) askFor(name);
    begun ??= load().then((module) => {
      Own = module[name];
    });
    begun.catch(() => { begun = null; });
    return begun;
  };
  function Lazy(props) {
    const [state, setState] = useState({});
    const drawn = !!Own; /* it may come between this and the effect */
    useEffect(() => {
      let left = false; /* whoever is somewhere else by then is not drawn any more */
      if (!drawn) begin().then(() => left || setState({ ready: true }), () => left || setState({ error: { status: 0 } }));
      return () => {
        left = true;
      };
    }, []);
    if (Own) return html`<${Own} ...${props} />`;
    if (state.error) return html`<${Failed} page error=${state.error} again=${() => location.reload()} />`;
    return meanwhile && html`<${meanwhile} />`;
  }
  return Object.assign(Lazy, { begin });
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* Several under one name: pick(id) says which lazy one is meant, and that is fetched first. The others follow when
** there is nothing else to do: who has lost the server by then can go on to them. */
export function oneOf(all, pick) {
  const follow = (id) => pick(id).begin().then(() => later(id ? 0 : LIST_MS)).then(() => idle(REST_MS)).then(() => Promise.allSettled(all.map((one) => one.begin())));
  function OneOf(props) {
    useEffect(() => {
      follow(props.id).catch(() => {}); /* the one itself says so */
    }, []);
    return html`<${pick(props.id)} ...${props} />`;
  }
  return Object.assign(OneOf, { begin: (id) => pick(id).begin() });
}
