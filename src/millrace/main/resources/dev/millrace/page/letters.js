// Examples of dead letters, read from the topic when the reader opens them.
import { command, count, element, millrace } from './text.js';
import { reasonSays } from './meanings.js';

const AGAIN_MILLIS = 250;
const PATIENCE_MILLIS = 20_000;

const byId = id => document.getElementById(id);
let isReading = false;

export function beginLetters() {
  byId('letters').addEventListener('toggle', () => { if (byId('letters').open) read(); });
  byId('letters-again').addEventListener('click', read);
}

async function read() {
  if (isReading) return;
  isReading = true;
  say('reading the topic …');
  try {
    show(await found());
  } catch (failed) {
    byId('letters-list').replaceChildren();
    say(failed.message, 'bad');
  } finally {
    isReading = false;
  }
}

/** The server reads on a thread of its own, and says 202 meanwhile. */
async function found() {
  const start = performance.now();
  while (performance.now() - start < PATIENCE_MILLIS) {
    const response = await fetch('/v1/dead-letters');
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail ?? response.statusText);
    if (response.status === 200) return body;
    await new Promise(resolve => setTimeout(resolve, AGAIN_MILLIS));
  }
  throw new Error('the server has not read them in time; ask again');
}

function show({ at, read: number, whole, letters }) {
  const byReason = Map.groupBy ? Map.groupBy(letters, letter => letter.reason) : grouped(letters);
  byId('letters-list').replaceChildren(...[...byReason].flatMap(([reason, some]) => [
    element('h4', { title: reasonSays(reason) }, reason || 'no reason given'),
    element('p', { class: 'note' }, reasonSays(reason)),
    ...some.map(letter),
  ]), ...(letters.length === 0 ? [] : [command(millrace('dlq show --count 10'))]));
  const time = new Date(at).toLocaleTimeString('en-GB');
  say(letters.length === 0 ? `The topic has no letters. Read at ${time}.`
    : `The latest three of each reason among ${whole ? `all ${count(number)}` : `the last ${count(number)}`} letters of the topic, read at ${time}.`
      + `${whole ? '' : ' Reasons with older letters only are not here; the command below finds all.'}`);
}

function grouped(letters) {
  const byReason = new Map();
  letters.forEach(letter => byReason.set(letter.reason, [...(byReason.get(letter.reason) ?? []), letter]));
  return byReason;
}

function letter({ reason, partition, offset, time, message, from, key, value }) {
  const origin = from ? `offset ${from.offset} of ${from.topic}-${from.partition}` : reason === 'refused-step' ? 'made by the learner' : 'not known';
  return element('article', { class: 'letter' },
    element('p', {}, element('b', {}, message || 'no message')),
    element('dl', {},
      ...line('when', time.slice(0, 19).replace('T', ' '), 'When it became a dead letter, UTC'),
      ...line('came to', origin, 'Where the record is that could not be used'),
      ...line('kept at', `offset ${offset} of partition ${partition}`, 'Where its letter is in the topic dead-letters'),
      ...line('key', key, 'The key of the record'),
      ...line('value', value, 'The value of the record: text as it is, and the first bytes of anything else')));
}

function line(name, text, says) {
  const long = text.length > 200 ? { class: 'long', tabindex: 0, role: 'group', 'aria-label': name } : {};
  return [element('dt', { title: says }, name), element('dd', { ...long, title: says }, text)];
}

function say(text, tone = '') {
  byId('letters-text').textContent = text;
  byId('letters-text').className = `note ${tone}`;
}
