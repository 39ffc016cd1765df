/* Who gets in: the first thing that is drawn.
**
**   somebody is logged in, or nobody has to    the frame with its page
**   his session has ended, or it is locked     the same, with the door over it: whoever comes back
**                                              finds everything as it was, also what he had typed
**   nobody is                                  the door alone; the address stays, so that it leads to
**                                              where one wanted to go
**   #/setup/TOKEN                              a first account, or a first password
**   #/trust                                    how to trust this server, before anybody can log in */
import { useEffect, useState } from 'preact/hooks';
import { shut } from '../lib/api.js';
import { useIdleLock } from '../lib/device.js';
import { html } from '../lib/html.js';
import { lazy } from '../lib/lazy.js';
import { route } from '../lib/route.js';
import { begin, me } from '../lib/session.js';
import { Failed } from '../parts/state.js';
import { Frame } from './app.js';

const withDoors = (load, ...rest) => lazy(() => import('./door_words.js').then(load), ...rest);
const Door = withDoors(() => import('./door.js'), 'Door', null);
const Setup = withDoors(() => import('./setup.js'), 'Setup', null);
const TrustAlone = withDoors(() => import('./trust.js'), 'TrustAlone', null);
const FirstPassword = withDoors(() => import('./password.js'), 'FirstPassword', null);

const WITHOUT_LOGIN = { setup: Setup, trust: TrustAlone };

function useBegin() {
  const [state, setState] = useState({});
  const ask = () => begin().then(() => setState({ known: true }), (error) => setState({ error }));
  useEffect(() => {
    ask();
  }, []);
  return { ...state, again: () => ask() };
}

export function Doorway() {
  const { known, error, again } = useBegin();
  const { page, id } = route.value;
  const inside = me.value?.open || me.value?.user;
  useIdleLock();
  const Free = (page === 'setup' || !inside || shut.value) && WITHOUT_LOGIN[page];
  if (known && Free) return html`<${Free} id=${id} />`;
  if (!known) return error ? html`<${Failed} page error=${error} again=${again} />` : null;
  if (!inside) return html`<${Door} />`;
  if (me.value.user?.must_change) return html`<${FirstPassword} />`;
  return html`<${Frame} />${shut.value && html`<${Door} over />`}`;
}
