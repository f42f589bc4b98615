import { element, show } from './view.js';

const kept = 200;
const timeOf = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** Shows the events of the store as they come, newest first. */
export function showLog(stream, { onEvent, isMine }) {
  const state = (text, isLive) => {
    element('stream').textContent = text;
    element('stream').classList.toggle('live', isLive);
  };
  stream.addEventListener('open', () => {
    state('live', true);
    // What happened while there was no stream is not told again if the server is another one.
    onEvent();
  });
  stream.addEventListener('error', () => state('connecting', false));
  stream.addEventListener('message', ({ data }) => {
    const event = JSON.parse(data);
    const log = element('log');
    log.prepend(line(event, isMine));
    while (log.children.length > kept) log.lastElementChild.remove();
    onEvent();
  });
}

function line({ at, event, record, operation, attempt, code, message }, isMine) {
  const time = show('time', { text: timeOf.format(at) });
  const rest = [operation, attempt && `attempt ${attempt}`, code, message].filter(Boolean).join(' · ');
  return show('li', {
    children: [
      time,
      show('span', { text: event, className: `event ${event}` }),
      show('span', { text: record ?? '', className: isMine(record) ? 'record own' : 'record' }),
      show('span', { text: rest, className: 'rest' }),
    ],
  });
}
