/* A file on its way to the server.
**
**   useSending(where, then)   { state, send, stop }: send(file) posts it to the address where(file); then(data),
**                             which may be a promise, deals with the answer. state is null, or { file, sent },
**                             with looking: true while `then` works, or { file, error }
**   Sending { state, onStop } how far it is
*/
import { useEffect, useRef, useState } from 'preact/hooks';
import { upload } from '../lib/api.js';
import { formatBytes } from '../lib/format.js';
import { html } from '../lib/html.js';
import { t } from '../lib/text.js';
import { Icon } from './icon.js';
import { Progress } from './progress.js';

export function useSending(where, then) {
  const [state, setState] = useState(null);
  const stop = useRef(null);
  const send = async (file) => {
    stop.current?.abort();
    const own = (stop.current = new AbortController());
    setState({ file, sent: 0 });
    try {
      const onProgress = (sent) => setState({ file, sent });
      const { data } = await upload(where(file), file, { onProgress, signal: own.signal });
      setState({ file, sent: file.size, looking: true });
      await then(data);
      setState(null);
    } catch (error) {
      if (stop.current === own) setState(error.name === 'AbortError' ? null : { file, error });
    }
  };
  useEffect(() => () => stop.current?.abort(), []);
  return { state, send, stop: () => stop.current?.abort() };
}

export function Sending({ state, onStop }) {
  const { file, sent, looking } = state;
  const note = looking ? t('import.looking') : t('import.bytes', { done: formatBytes(sent), all: formatBytes(file.size) });
  return html`<div class="card watch">
    <p class="drop-title">${file.name}</p>
    <${Progress} label=${t('import.sending', { name: file.name })} share=${looking || !file.size ? null : sent / file.size} note=${note} />
    <button type="button" class="plain" onClick=${onStop}><${Icon} name="cross" /> ${t('import.cancel')}</button>
  </div>`;
}
