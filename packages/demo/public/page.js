import { showLog } from './log.js';
import { describeDuration, element, show } from './view.js';

const device = Number(/\/device\/(\d)\//.exec(location.pathname)?.[1] ?? 1);
const deviceCount = 9;

/** The session of this page, as the server told it last; `user` is null while nobody is logged in. */
let mine = { user: null, loggedInAt: null, cart: {}, record: null };
/** Every session that there is. */
let sessions = [];
/** The records that the operator has chosen; they outlive a new list. */
const chosen = new Set();

start();

async function start() {
  showDevices();
  element('login').addEventListener('submit', logIn);
  element('goods').addEventListener('click', addToCart);
  element('logout').addEventListener('click', logOut);
  element('operator').addEventListener('submit', endSessions);
  element('operator').addEventListener('change', choose);
  setInterval(showTimes, 1000);
  showLog(new EventSource('/operator/events'), {
    onEvent: refreshSoon,
    isMine: (record) => record === mine.record,
  });
  await act(() => call('api/session'));
  await refresh();
}

async function logIn(event) {
  event.preventDefault();
  const user = element('user').value;
  if (await act(() => call('api/login', { user }))) say(`Hello ${mine.user}.`);
  element('logout').focus();
}

async function addToCart({ target }) {
  const { item } = target.dataset;
  if (item !== undefined && (await act(() => call('api/cart', { item })))) say(`${item} is in the cart.`);
}

async function logOut() {
  if (await act(() => call('api/logout', {}))) say('You are logged out. Nobody gets that session any more.');
}

async function endSessions(event) {
  event.preventDefault();
  try {
    const { ended } = await call('/operator/end', { records: [...chosen] });
    chosen.clear();
    say(ended === 1 ? 'One session was ended.' : `${ended} sessions were ended.`);
  } catch (error) {
    say(error.message, true);
  }
  await refresh();
}

function choose({ target }) {
  const records = target.id === 'every' ? sessions.map(({ record }) => record) : [target.value];
  for (const record of records) {
    if (target.checked) chosen.add(record);
    else chosen.delete(record);
  }
  showSessions();
}

/** Does something with the session of this page, shows what is then, and resolves to whether it was done. */
async function act(work) {
  try {
    mine = await work();
    showMine();
    return true;
  } catch (error) {
    say(error.message, true);
    if (error.code === 'NOT_LOGGED_IN') ended();
    return false;
  }
}

/** The timer of the next refresh, if there is one. */
let refreshing;

/** Whatever happened, the list may be another; many events at once are one request. */
function refreshSoon() {
  if (refreshing === undefined) refreshing = setTimeout(refresh, 100);
}

async function refresh() {
  refreshing = undefined;
  const asked = mine.record;
  try {
    sessions = await call('/operator/sessions');
  } catch (error) {
    say(error.message, true);
    return;
  }
  const isThere = sessions.some(({ record }) => record === asked);
  // In the meantime somebody may have logged in here.
  if (asked !== null && asked === mine.record && !isThere) {
    ended();
    say('This session was ended.', true);
  }
  showSessions();
  showTimes();
}

function ended() {
  mine = { user: null, loggedInAt: null, cart: {}, record: null };
  showMine();
}

async function call(address, body) {
  const options = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(address, body === undefined ? {} : options);
  } catch {
    throw new Error('The server does not answer.');
  }
  const content = await response.json();
  if (!response.ok) throw Object.assign(new Error(content.error), { code: content.code });
  return content;
}

function say(text, isBad = false) {
  element('message').textContent = text;
  element('message').classList.toggle('bad', isBad);
}

function showDevices() {
  document.title = `Device ${device} · session-stores demo`;
  const next = (device % deviceCount) + 1;
  element('another').href = `/device/${next}/`;
  for (let number = 1; number <= deviceCount; number++) {
    const link = show('a', { text: number, href: `/device/${number}/`, label: `Device ${number}` });
    if (number === device) link.setAttribute('aria-current', 'page');
    element('devices').append(show('li', { children: [link] }));
  }
}

function showMine() {
  const { user, record, loggedInAt, cart } = mine;
  element('login').hidden = user !== null;
  element('account').hidden = user === null;
  element('name').textContent = user;
  element('record').textContent = record;
  element('since').textContent = loggedInAt === null ? '' : new Date(loggedInAt).toLocaleTimeString();
  const items = Object.entries(cart);
  element('empty').hidden = items.length > 0;
  element('cart').replaceChildren(
    ...items.map(([item, count]) =>
      show('li', { children: [show('span', { text: item }), show('span', { text: `× ${count}` })] }),
    ),
  );
  showSessions();
}

function showSessions() {
  const records = new Set(sessions.map(({ record }) => record));
  for (const record of chosen) if (!records.has(record)) chosen.delete(record);
  element('sessions').replaceChildren(...sessions.map(sessionRow));
  element('nobody').hidden = sessions.length > 0;
  element('end').disabled = chosen.size === 0;
  element('every').checked = sessions.length > 0 && chosen.size === sessions.length;
  element('every').indeterminate = chosen.size > 0 && chosen.size < sessions.length;
}

function sessionRow({ record, user, device: where, items, expires }) {
  const box = show('input', { label: `Choose the session of ${user} on device ${where}` });
  Object.assign(box, { type: 'checkbox', value: record, checked: chosen.has(record) });
  const left = show('td', {
    className: 'number left',
    text: describeDuration(Date.parse(expires) - Date.now()),
  });
  left.dataset.expires = expires;
  return show('tr', {
    className: record === mine.record ? 'mine' : '',
    children: [
      show('td', { children: [box] }),
      show('td', { text: user }),
      show('td', { text: where }),
      show('td', { children: [show('code', { text: record })] }),
      show('td', { className: 'number', text: items }),
      left,
    ],
  });
}

/** Time passes without any event, and a session that nobody uses ends by itself. */
function showTimes() {
  let hasExpired = false;
  for (const cell of document.querySelectorAll('.left')) {
    const left = Date.parse(cell.dataset.expires) - Date.now();
    cell.textContent = describeDuration(left);
    hasExpired ||= left < 0;
  }
  const own = sessions.find(({ record }) => record === mine.record);
  element('left').textContent =
    own === undefined ? '' : describeDuration(Date.parse(own.expires) - Date.now());
  if (hasExpired) refreshSoon();
}
