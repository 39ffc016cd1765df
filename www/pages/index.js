/* What the page consists of: which component shows which address, and which drawer.
** A page gets { id, query }: what stands behind its name in the address, and what it
** asks. A drawer gets { value, onClose } and shows a Drawer of parts/dialog.js.
** What has no page here is not in the navigation either. */
import { lazy, oneOf } from '../lib/lazy.js';
import { may } from '../lib/session.js';

/* Pages that bring their own words: these are there before anything of the page is. */
const withWork = (load, ...rest) => lazy(() => import('./work_words.js').then(load), ...rest);
const withData = (load, ...rest) => lazy(() => import('./data_words.js').then(load), ...rest);
const withShop = (load, ...rest) => lazy(() => import('./shop_words.js').then(load), ...rest);
const withStock = (load, ...rest) => lazy(() => import('./stock_words.js').then(load), ...rest);
const withDoors = (load, ...rest) => lazy(() => import('./door_words.js').then(load), ...rest);

/* Of these a list is not the page of one of them, and neither is the form for a new one. */
const Stores = withShop(() => import('./stores.js'), 'Stores');
const Store = withShop(() => import('./store.js'), 'Store');
const Calls = withShop(() => import('./calls.js'), 'Calls');
const Products = withShop(() => import('./products.js'), 'Products');
const Product = withShop(() => import('./product.js'), 'Product');
const Orders = withShop(() => import('./orders.js'), 'Orders');
const Order = withShop(() => import('./order.js'), 'Order');
/* With the list, which shows what was entered: also to who has lost the server before he goes there. */
const OrderEntry = withShop(() => Promise.all([import('./order_entry.js'), import('./orders.js')]).then(([own]) => own), 'OrderEntry');
const orderOf = (id) => (id === 'new' ? may('sales.write') ? OrderEntry : Orders : id ? Order : Orders);

/* Each comes when it is opened. */
export const PAGES = {
  sales: lazy(() => import('./sales.js'), 'Sales'),
  quality: withData(() => import('./quality.js'), 'Quality'),
  exceptions: withData(() => import('./desk.js'), 'Desk'),
  audit: withData(() => import('./audit.js'), 'Audit'),
  controls: withData(() => import('./controls.js'), 'Controls'),
  compare: withData(() => import('./compare.js'), 'Compare'),
  tab: withData(() => import('./tab.js'), 'Tab'),
  imports: withData(() => import('./imports.js'), 'Imports'),
  rules: withData(() => import('./rules.js'), 'Rules'),
  governance: withData(() => import('./governance.js'), 'Governance'),
  catalogue: withData(() => import('./catalogue.js'), 'Catalogue'),
  records: lazy(() => import('./records.js'), 'Records'),
  dashboard: withShop(() => import('./dashboard.js'), 'Dashboard'),
  stores: oneOf([Stores, Store, Calls], (id) => (id === 'calls' ? Calls : id ? Store : Stores)),
  products: oneOf([Products, Product], (id) => (id ? Product : Products)),
  orders: oneOf([Orders, Order, OrderEntry], orderOf),
  predictions: withShop(() => import('./predictions.js'), 'Predictions'),
  upload: withShop(() => import('./data_words.js').then(() => import('./upload.js')), 'Upload'),
  stock: withStock(() => import('./stock.js'), 'Stock'),
  alerts: withStock(() => import('./alerts.js'), 'Alerts'),
  jobs: withWork(() => import('./jobs.js'), 'Jobs'),
  schedules: withWork(() => import('./schedules.js'), 'Schedules'),
  graphs: withWork(() => import('./graphs.js'), 'Graphs'),
  topics: withWork(() => import('./topics.js'), 'Topics'),
  health: withWork(() => import('./health.js'), 'Health'),
  sync: lazy(() => import('./sync.js'), 'Sync'),
  conflicts: lazy(() => import('./conflicts.js'), 'Conflicts'),
  waiting: withDoors(() => import('./waiting.js'), 'Waiting'),
  people: withDoors(() => import('./people.js'), 'People'),
  account: withDoors(() => import('./account.js'), 'Account'),
  settings: withDoors(() => import('./settings.js'), 'Settings'),
  about: withDoors(() => import('./about.js'), 'About'),
  trust: withDoors(() => import('./trust.js'), 'Trust'),
};

/* What one must be permitted to open a page; the rest is there for everybody. */
export const NEEDS = {
  sales: 'data.read', quality: 'data.read', exceptions: 'data.read', audit: 'audit.read', controls: 'data.read', compare: 'data.read',
  tab: 'data.read', imports: 'data.read', rules: 'data.read', governance: 'audit.read', catalogue: 'audit.read', stock: 'stock.read',
  alerts: 'alerts.read', jobs: 'work.read', schedules: 'work.read', graphs: 'work.read', topics: 'work.read', health: 'system.read', sync: 'sync.read', conflicts: 'sync.read',
  waiting: 'sales.write', people: 'people.read', about: 'system.read',
  dashboard: 'sales.read', stores: 'sales.read', products: 'sales.read', orders: 'sales.read',
  predictions: 'sales.read', upload: 'sales.write',
};

/* Pages whose parts somebody may hide and put into another order (lib/settings.js: widgets). */
export const BOARDS = { dashboard: ['figures', 'trend', 'due', 'top_stores', 'top_products'] };
/* Is there a page that changes an order which was refused? */
export const EDITS_ORDERS = !!PAGES.orders;

/* Pages that show what is in the data: there is nothing to see before the first import. */
export const NEEDS_DATA = ['sales', 'quality', 'exceptions', 'audit', 'controls', 'compare', 'tab', 'imports'];

export const DRAWERS = {
  why: withData(() => import('./why.js'), 'WhyDrawer', null),
  row: withData(() => import('./row.js'), 'RowDrawer', null),
  line: withData(() => import('./line.js'), 'LineDrawer', null),
  exception: withData(() => import('./exception.js'), 'ExceptionDrawer', null),
  entry: withData(() => import('./audit.js'), 'EntryDrawer', null),
  impact: withData(() => import('./controls.js'), 'ImpactDrawer', null),
  item: withStock(() => import('./item.js'), 'ItemDrawer', null),
  total: withShop(() => import('./dashboard_figures.js'), 'TotalDrawer', null),
  because: withShop(() => import('./predictions.js'), 'BecauseDrawer', null),
  job: withWork(() => import('./job.js'), 'JobDrawer', null),
  schedule: withWork(() => import('./schedule.js'), 'ScheduleDrawer', null),
  event: withWork(() => import('./event.js'), 'EventDrawer', null),
  user: withDoors(() => import('./person.js'), 'PersonDrawer', null),
};

/* The navigation. first: the first FIRST_MOST of these have a place in the bar of a narrow screen. */
export const FIRST_MOST = 4;
export const NAV = [
  { id: 'sales', icon: 'chart', first: true },
  { id: 'quality', icon: 'shield', first: true },
  { id: 'exceptions', icon: 'warn', first: true },
  { id: 'audit', icon: 'trail' },
  { id: 'controls', icon: 'sliders' },
  { id: 'imports', icon: 'inbox', first: true, part: 'data' },
  { id: 'rules', icon: 'rules', part: 'data' },
  { id: 'governance', icon: 'building', part: 'data' },
  { id: 'catalogue', icon: 'table', part: 'data' },
  { id: 'records', icon: 'file', part: 'data' },
  { id: 'dashboard', icon: 'board', first: true, part: 'shop' },
  { id: 'stores', icon: 'building', first: true, part: 'shop' },
  { id: 'products', icon: 'boxes', part: 'shop' },
  { id: 'orders', icon: 'file', first: true, part: 'shop' },
  { id: 'predictions', icon: 'calendar', part: 'shop' },
  { id: 'stock', icon: 'boxes', part: 'stock' },
  { id: 'alerts', icon: 'bell', part: 'stock' },
  { id: 'jobs', icon: 'queue', part: 'work' },
  { id: 'schedules', icon: 'calendar', part: 'work' },
  { id: 'graphs', icon: 'graph', part: 'work' },
  { id: 'topics', icon: 'stream', part: 'work' },
  { id: 'health', icon: 'pulse', part: 'work' },
  { id: 'sync', icon: 'building', part: 'work' },
  { id: 'conflicts', icon: 'compare', part: 'work' },
  { id: 'people', icon: 'people', part: 'house' },
  { id: 'settings', icon: 'sliders', part: 'house' },
  { id: 'about', icon: 'info', part: 'house' },
].filter(({ id }) => PAGES[id]);
