/* A page that is fetched when it is first opened, so that the first view is light.
**
**   const Rules = lazy(() => import('./rules.js'), 'Rules')
**
** meanwhile is what is shown until it is there (null: nothing, as for a drawer).
** Where it cannot be fetched the server is away, or has been updated since this page
** was loaded: loading the page anew helps. */
import { useEffect, useState } from 'preact/hooks';
import { Failed, Skeleton } from '../parts/state.js';
import { html } from './html.js';

const Waiting = () => html`<div class="page"><${Skeleton} shape="title" n=${2} /><${Skeleton} shape="cards" n=${2} /></div>`;

export function lazy(load, name, meanwhile = Waiting) {
  let Own = null;
  return function Lazy(props) {
    const [state, setState] = useState({});
    useEffect(() => {
      let left = false; /* whoever is somewhere else by then is not drawn any more */
      if (!Own)
        load().then(
          (module) => {
            Own = module[name];
            if (!left) setState({ ready: true });
          },
          () => left || setState({ error: { status: 0 } }),
        );
      return () => {
        left = true;
      };
    }, []);
    if (Own) return html`<${Own} ...${props} />`;
    if (state.error) return html`<${Failed} page error=${state.error} again=${() => location.reload()} />`;
    return meanwhile && html`<${meanwhile} />`;
  };
}
