/* What this browser keeps by itself: the stores of one IndexedDB.
**
**   orders   what has not been sent yet, by its key (lib/outbox.js)
**   choices  what was decided of conflicts and has not been sent yet, by its key (lib/choices.js)
**   lists    the last answer of lists that are needed offline, by whose they are (lib/offline.js)
**
** A write has happened when its promise resolves: it is on the disk then, as far as the
** browser can say. */
const NAME = 'outpost';
const VERSION = 2; /* 2: choices */
const STORES = { orders: 'key', lists: 'id', choices: 'key' }; /* and what is their key */
let opened = null;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const known = request.result.objectStoreNames;
      for (const [name, keyPath] of Object.entries(STORES)) if (!known.contains(name)) request.result.createObjectStore(name, { keyPath });
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const forget = () => { opened = null; };
      request.result.onversionchange = () => { forget(); request.result.close(); };
      request.result.onclose = forget;
      resolve(request.result);
    };
  });
  opened.catch(() => { opened = null; });
  return opened;
}

export async function all(store) {
  return done((await open()).transaction(store).objectStore(store).getAll());
}

export async function one(store, id) {
  return done((await open()).transaction(store).objectStore(store).get(id));
}

/* All of it or nothing: what goes, then what comes. */
export async function write(store, { put = [], gone = [] }) {
  const transaction = (await open()).transaction(store, 'readwrite', { durability: 'strict' });
  const own = transaction.objectStore(store);
  for (const id of gone) own.delete(id);
  for (const row of put) own.put(row);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/* Changes a row if it is still there; change(row) gives the new one. */
export async function amend(store, id, change) {
  const transaction = (await open()).transaction(store, 'readwrite', { durability: 'strict' });
  const own = transaction.objectStore(store);
  const reading = own.get(id);
  reading.onsuccess = () => reading.result && own.put(change(reading.result));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}
